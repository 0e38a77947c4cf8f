/** One block of a text: what it holds, and whether more may be put into it. */
export interface TextBlock {
  readonly text: string;
  /** Whether it goes on the block before it, instead of being a new one. */
  readonly joins: boolean;
}

/** A block is full at the first line end beyond this many characters … */
const enough = 2000;
/** … and anywhere beyond this many: a line may have a million characters. */
const most = 4000;

/**
 * Cuts a text that grows into blocks, so that a browser lays out only those that are seen. Blocks end at a line end where there is
 * one soon, else at a space, and never within a character.
 */
export class TextBlocks {
  /** Characters of the last block, while more may be put into it. */
  private filled = 0;
  private isNew = true;

  /** Takes more of the text: answers what is put where. */
  add(text: string): TextBlock[] {
    const blocks: TextBlock[] = [];
    for (let from = 0; from < text.length;) {
      const to = this.cut(text, from);
      blocks.push({ text: text.slice(from, to), joins: !this.isNew });
      this.filled += to - from;
      this.isNew = this.isFull(text, to);
      if (this.isNew) this.filled = 0;
      from = to;
    }
    return blocks;
  }

  private isFull(text: string, to: number): boolean {
    return this.filled >= most || (this.filled >= enough && text[to - 1] === '\n');
  }

  /** Where the piece that begins at `from` ends. */
  private cut(text: string, from: number): number {
    const soft = from + Math.max(0, enough - this.filled);
    const hard = from + Math.max(1, most - this.filled);
    const line = text.indexOf('\n', Math.max(from, soft - 1));
    if (line >= 0 && line < hard) return line + 1;
    if (text.length <= hard) return text.length;
    const space = text.lastIndexOf(' ', hard - 1);
    return space >= soft && space > from
      ? this.full(space + 1 - from, from)
      : this.full(whole(text, hard, from) - from, from);
  }

  /** A cut within a line fills the block, wherever it is. */
  private full(length: number, from: number): number {
    this.filled = Math.max(this.filled, most - length);
    return from + length;
  }
}

const marks = /\p{M}|\u200d/u;

/** The nearest place behind `from`, not beyond `at`, that is between two characters, as far as a look at a few of them tells. */
function whole(text: string, at: number, from: number): number {
  for (let place = at; place > Math.max(from, at - 16); place--) {
    if (!isSplit(text, place) && !marks.test(text.charAt(place)) && text.charAt(place - 1) !== '\u200d') return place;
  }
  return isSplit(text, at) ? at - 1 : at;
}

function isSplit(text: string, place: number): boolean {
  return isLow(text.charCodeAt(place)) && isHigh(text.charCodeAt(place - 1));
}

function isHigh(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00;
}

function isLow(code: number): boolean {
  return code >= 0xdc00 && code < 0xe000;
}
