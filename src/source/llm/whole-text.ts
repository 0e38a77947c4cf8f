import { endsWithHalf } from '../../format/utf8.js';

/** @internal Text that comes in pieces, of which one may end within a character. */
export interface GrowingText {
  /** The first half of a surrogate pair, or nothing. */
  half: string;
}

/** @internal What a piece adds: whole characters. Half of one waits for the other half; one that is alone becomes U+FFFD. */
export function wholeText(growing: GrowingText, piece: string, last: boolean): string {
  let text = growing.half === '' ? piece : growing.half + piece;
  growing.half = '';
  if (!last && endsWithHalf(text)) {
    growing.half = text.slice(-1);
    text = text.slice(0, -1);
  }
  return text.isWellFormed() ? text : text.toWellFormed();
}
