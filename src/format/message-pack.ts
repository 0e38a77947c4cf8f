import { decode, encode } from '@msgpack/msgpack';
import { type CodecOptions, codecRules, type Coder, each, type Format, malformed, nothing, tooLarge } from './codec.js';
import { MessagePackFrame } from './message-pack-frame.js';

/**
 * Values as MessagePack, one behind the other, the bytes split anywhere. Needs the optional peer `@msgpack/msgpack`, whose
 * mapping it is: whole numbers beyond 2^53 lose their last digits, `-0` comes back as `0`, and `undefined` as `null`.
 *
 * A value of more than `maxFrameBytes` fails as soon as its length is known; one that the end cuts off fails unless
 * `onTruncated` is `drop`: nothing can be made of half a value. At most one unfinished value is held.
 *
 * @example
 * bytes$.pipe(transcode(messagePack.decode)); // [1, 'a'] of 92 01 | a1 61
 */
export const messagePack: Format<Uint8Array, unknown> = {
  decode: { create: (options) => new Decoder(options) },
  encode: each((value) => {
    try {
      return encode(value);
    } catch (cause) {
      throw malformed('messagePack', 'a value cannot be encoded', cause);
    }
  }),
};

const firstCapacity = 1024;

class Decoder implements Coder<Uint8Array, unknown> {
  private readonly rules;
  private readonly frame = new MessagePackFrame();
  private buffer = new Uint8Array(firstCapacity);
  private length = 0;

  constructor(options?: CodecOptions) {
    this.rules = codecRules(options);
  }

  *push(bytes: Uint8Array): Iterable<unknown> {
    this.append(bytes);
    let start = 0;
    for (let end = this.endOfFrame(start); end !== undefined; end = this.endOfFrame(start)) {
      // A copy: bytes within a value are views of what it is read from, and the buffer is used again.
      const value = this.buffer.slice(start, end);
      start = end;
      this.frame.begin();
      yield this.value(value);
    }
    this.buffer.copyWithin(0, start, this.length);
    this.length -= start;
  }

  flush(): Iterable<unknown> {
    if (this.length > 0 && this.rules.onTruncated !== 'drop') {
      throw malformed('messagePack', 'the data end within a value');
    }
    return nothing;
  }

  /** Where the value that begins at `start` ends, if all of it is there. */
  private endOfFrame(start: number): number | undefined {
    const whole = this.frame.scan(this.buffer.subarray(start, this.length));
    // Counts what is announced, too: a string of 4 GiB fails at its fifth byte.
    if (this.frame.size > this.rules.maxFrameBytes) throw tooLarge('messagePack', 'a value', this.rules.maxFrameBytes);
    return whole ? start + this.frame.size : undefined;
  }

  private value(bytes: Uint8Array): unknown {
    try {
      return decode(bytes);
    } catch (cause) {
      throw malformed('messagePack', 'a value cannot be decoded', cause);
    }
  }

  /** Twice the room when there is too little, so that a long value in small pieces is not copied for each. */
  private append(bytes: Uint8Array): void {
    const length = this.length + bytes.length;
    if (length > this.buffer.length) {
      const buffer = new Uint8Array(Math.max(length, this.buffer.length * 2));
      buffer.set(this.buffer.subarray(0, this.length));
      this.buffer = buffer;
    }
    this.buffer.set(bytes, this.length);
    this.length = length;
  }
}
