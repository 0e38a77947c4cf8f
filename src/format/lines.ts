import { utf8Length } from '../chunk/index.js';
import { type CodecOptions, codecRules, type Coder, each, type Format, malformed, tooLarge } from './codec.js';

/**
 * Text as lines, split anywhere. A line ends with LF or CR LF, and is given without it; one longer than `maxFrameBytes`
 * fails. The last may lack its end: it is a line all the same, unless `onTruncated` says otherwise. At most one line is held.
 *
 * Encoding puts LF behind each line, and fails on one that holds LF itself or ends with CR.
 *
 * @example
 * text$.pipe(transcode(lines.decode)); // 'abc', 'd', 'e' of 'ab' | 'c\nd\ne'
 */
export const lines: Format<string, string> = {
  decode: { create: (options) => new Splitter(options) },
  encode: each((line) => {
    if (line.includes('\n') || line.endsWith('\r')) {
      throw malformed('lines', 'a line holds LF or ends with CR, and would be read as another');
    }
    return `${line}\n`;
  }),
};

class Splitter implements Coder<string, string> {
  private readonly rules;
  private held = '';

  constructor(options?: CodecOptions) {
    this.rules = codecRules(options);
  }

  *push(text: string): Iterable<string> {
    let from = 0;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
      const line = this.held + text.slice(from, at);
      this.held = '';
      from = at + 1;
      yield this.checked(line.endsWith('\r') ? line.slice(0, -1) : line);
    }
    // Not searched again, and not joined before it ends: a long line that comes in small pieces costs no more than a short one.
    this.held += text.slice(from);
    // Text has at most as many units as bytes. The one more may be the CR of an end that is still to come.
    if (this.held.length > this.rules.maxFrameBytes + 1) throw this.overflow();
  }

  *flush(): Iterable<string> {
    const { onTruncated = 'emit' } = this.rules;
    const { held } = this;
    this.held = '';
    if (held === '' || onTruncated === 'drop') return;
    if (onTruncated === 'error') throw malformed('lines', 'the text ends within a line');
    yield this.checked(held);
  }

  private checked(line: string): string {
    // A UTF-16 unit takes three bytes at most, so that only long lines are measured.
    if (line.length * 3 > this.rules.maxFrameBytes && utf8Length(line) > this.rules.maxFrameBytes)
      throw this.overflow();
    return line;
  }

  private overflow(): Error {
    return tooLarge('lines', 'a line', this.rules.maxFrameBytes);
  }
}
