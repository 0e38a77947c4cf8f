import { fromBase64, joinBytes, toBase64 } from '../chunk/index.js';
import { type CodecOptions, codecRules, type Coder, type Format, malformed, nothing } from './codec.js';

/**
 * Bytes as standard base64 with padding (RFC 4648, section 4), bytes and text both split anywhere: all pieces together are
 * one encoding. Text that is no such base64 fails; text without its padding only with `onTruncated: 'error'`, the default.
 * At most three characters, or two bytes, are held.
 *
 * @example
 * text$.pipe(transcode(base64.decode)); // 66 6f 6f of 'Zm' | '9v'
 */
export const base64: Format<string, Uint8Array> = {
  decode: { create: (options) => new Decoder(options) },
  encode: { create: () => new Encoder() },
};

class Decoder implements Coder<string, Uint8Array> {
  private readonly rules;
  private held = '';
  private padded = false;

  constructor(options?: CodecOptions) {
    this.rules = codecRules(options);
  }

  push(text: string): Iterable<Uint8Array> {
    if (text === '') return nothing;
    if (this.padded) throw malformed('base64', 'there is text behind the padding');
    const all = this.held + text;
    const whole = all.length - (all.length % 4);
    this.held = all.slice(whole);
    return whole === 0 ? nothing : this.decoded(all.slice(0, whole));
  }

  flush(): Iterable<Uint8Array> {
    const { held } = this;
    this.held = '';
    const { onTruncated = 'error' } = this.rules;
    if (held === '' || onTruncated === 'drop') return nothing;
    if (onTruncated === 'error') throw malformed('base64', 'the text ends within a group of four characters');
    // One character is less than a byte.
    return held.length === 1 ? nothing : this.decoded(held.padEnd(4, '='));
  }

  private decoded(text: string): Iterable<Uint8Array> {
    const bytes = fromBase64(text);
    if (bytes === undefined || (this.held !== '' && text.endsWith('='))) {
      throw malformed('base64', 'the text is not base64');
    }
    this.padded = text.endsWith('=');
    return [bytes];
  }
}

class Encoder implements Coder<Uint8Array, string> {
  private held = new Uint8Array(0);

  push(bytes: Uint8Array): Iterable<string> {
    const all = this.held.length === 0 ? bytes : joinBytes([this.held, bytes]);
    const whole = all.length - (all.length % 3);
    // A copy: what is handed in stays its owner's.
    this.held = all.slice(whole);
    return whole === 0 ? nothing : [toBase64(all.subarray(0, whole))];
  }

  flush(): Iterable<string> {
    const { held } = this;
    this.held = new Uint8Array(0);
    return held.length === 0 ? nothing : [toBase64(held)];
  }
}
