import { endsWithHalf } from '../src/format/utf8.js';

/**
 * A text that grows by pieces and is read rarely: pieces are joined when somebody looks. It is well-formed at any time: half
 * a surrogate pair at the end of a piece waits for the next, and a lone one becomes U+FFFD.
 *
 * @internal
 */
export class GrowingText {
  /** UTF-16 units of the text. */
  length = 0;
  /** Whether something did not fit. Nothing is added from there on: text with a hole would be another text. */
  full = false;
  private joined = '';
  private parts: string[] = [];
  private half = '';

  /** @param maxLength - most units it takes */
  constructor(private readonly maxLength: number) {}

  /**
   * Adds a piece.
   *
   * @param last - whether there is no other, for which half a pair could wait
   * @returns what has been added to the text
   */
  append(piece: string, last = false): string {
    if (this.full) return '';
    const whole = this.half + piece;
    const waits = !last && endsWithHalf(whole);
    this.half = waits ? whole.slice(-1) : '';
    const added = this.fitting(wellFormed(waits ? whole.slice(0, -1) : whole));
    if (added !== '') this.parts.push(added);
    this.length += added.length;
    return added;
  }

  /** The first `length` units, as they were when the text had that length. */
  upTo(length: number): string {
    if (length > this.joined.length) {
      this.joined += this.parts.join('');
      this.parts = [];
    }
    return length === this.joined.length ? this.joined : this.joined.slice(0, length);
  }

  private fitting(piece: string): string {
    const room = this.maxLength - this.length;
    if (piece.length <= room) return piece;
    this.full = true;
    const cut = piece.slice(0, room);
    return endsWithHalf(cut) ? cut.slice(0, -1) : cut;
  }
}

/** Looks first: making a string anew costs more, and few need it. */
function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed();
}
