import { type CodecOptions, codecRules, type Coder, type Format, malformed, nothing } from './codec.js';

/**
 * Text as UTF-8, bytes and text both split anywhere: also within a character, or between the halves of a surrogate pair. A
 * byte order mark at the beginning is left out.
 *
 * Bytes that are no UTF-8, and lone surrogates, fail; with `fatal: false` they become U+FFFD. A character that the end cuts
 * off is treated alike, unless `onTruncated` says otherwise. At most three bytes, or half a pair, are held.
 *
 * @example
 * bytes$.pipe(transcode(utf8.decode)); // 'caf', 'é' of 63 61 66 c3 | a9
 */
export const utf8: Format<Uint8Array, string> = {
  decode: { create: (options) => new Decoder(options) },
  encode: { create: (options) => new Encoder(options) },
};

const replacement = '\ufffd';

class Decoder implements Coder<Uint8Array, string> {
  private readonly rules;
  private readonly decoder;

  constructor(options?: CodecOptions) {
    this.rules = codecRules(options);
    this.decoder = new TextDecoder('utf-8', { fatal: this.rules.fatal });
  }

  push(bytes: Uint8Array): Iterable<string> {
    let text: string;
    try {
      text = this.decoder.decode(bytes, { stream: true });
    } catch (cause) {
      throw malformed('utf8', 'the bytes are not UTF-8', cause);
    }
    return text === '' ? nothing : [text];
  }

  flush(): Iterable<string> {
    if (!this.endsWithin()) return nothing;
    const { fatal, onTruncated = fatal ? 'error' : 'emit' } = this.rules;
    if (onTruncated === 'error') throw malformed('utf8', 'the data end within a character');
    return onTruncated === 'emit' ? [replacement] : nothing;
  }

  /** Whether part of a character is held: told by how the decoder takes it that there is no more. */
  private endsWithin(): boolean {
    try {
      return this.decoder.decode() !== '';
    } catch {
      return true;
    }
  }
}

class Encoder implements Coder<string, Uint8Array> {
  private readonly rules;
  private readonly encoder = new TextEncoder();
  /** The first half of a surrogate pair, or nothing. */
  private half = '';

  constructor(options?: CodecOptions) {
    this.rules = codecRules(options);
  }

  push(text: string): Iterable<Uint8Array> {
    let whole = this.half + text;
    this.half = endsWithHalf(whole) ? whole.slice(-1) : '';
    if (this.half !== '') whole = whole.slice(0, -1);
    if (this.rules.fatal && !whole.isWellFormed()) throw malformed('utf8', 'the text holds a lone surrogate');
    return whole === '' ? nothing : [this.encoder.encode(whole)];
  }

  flush(): Iterable<Uint8Array> {
    if (this.half === '') return nothing;
    const { fatal, onTruncated = fatal ? 'error' : 'emit' } = this.rules;
    if (onTruncated === 'error') throw malformed('utf8', 'the text ends within a surrogate pair');
    return onTruncated === 'emit' ? [this.encoder.encode(replacement)] : nothing;
  }
}

/** @internal Whether text ends with the first half of a surrogate pair. */
export function endsWithHalf(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last < 0xdc00;
}
