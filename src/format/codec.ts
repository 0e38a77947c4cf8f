import { checkBound, StreamError } from '../chunk/index.js';

/** How a codec treats what is not as it should be. What a codec has no use for, it leaves alone. */
export interface CodecOptions {
  /** Most bytes of one frame: a line, an event, a value. Default 1 MiB. */
  readonly maxFrameBytes?: number;
  /**
   * What becomes of a frame that the end of the data cuts off: `error` fails, `emit` makes of it what can be made, `drop`
   * lets it go. Default: what is usual for the format.
   */
  readonly onTruncated?: 'error' | 'emit' | 'drop';
  /** Whether text that is not well-formed fails; otherwise its bad places become U+FFFD. Default `true`. */
  readonly fatal?: boolean;
}

/** Turns a stream of `I` into a stream of `O`, of which a frame may need several inputs, and an input hold several frames. */
export interface Codec<I, O> {
  /** Makes a coder for one stream. */
  create(options?: CodecOptions): Coder<I, O>;
}

/** A codec at work on one stream. Take everything out of what it gives before the next call: it may be made as you take it. */
export interface Coder<I, O> {
  /**
   * Takes the next input, and gives what it completes.
   *
   * @throws {@link StreamError} `data-malformed` or `overflow`, behind what was complete before; nothing is taken afterwards
   */
  push(input: I): Iterable<O>;
  /**
   * Gives what is left at the end of the data.
   *
   * @throws {@link StreamError} `data-malformed` when a frame is cut off and `onTruncated` is `error`
   */
  flush(): Iterable<O>;
}

/** Both ways between what travels, `W`, and what it says, `V`. */
export interface Format<W, V> {
  readonly decode: Codec<W, V>;
  readonly encode: Codec<V, W>;
}

/** Two codecs as one: what comes out of the first goes into the second. */
export function chain<A, B, C>(first: Codec<A, B>, second: Codec<B, C>): Codec<A, C> {
  return {
    create(options) {
      const [one, two] = [first.create(options), second.create(options)];
      function* through(values: Iterable<B>): Iterable<C> {
        for (const value of values) yield* two.push(value);
      }
      return {
        push: (input) => through(one.push(input)),
        *flush() {
          yield* through(one.flush());
          yield* two.flush();
        },
      };
    },
  };
}

/** @internal What a coder gives when it has nothing to give. */
export const nothing: readonly never[] = [];

/** A codec that makes one output of every input, or none where `convert` gives `undefined`. Holds nothing. */
export function each<I, O>(convert: (input: I) => O | undefined): Codec<I, O> {
  return {
    create(options) {
      codecRules(options);
      return {
        push(input) {
          const output = convert(input);
          return output === undefined ? nothing : [output];
        },
        flush: () => nothing,
      };
    },
  };
}

/** @internal {@link CodecOptions}, checked, with their defaults but for `onTruncated`, whose default is the codec's. */
export interface CodecRules {
  readonly maxFrameBytes: number;
  readonly onTruncated: CodecOptions['onTruncated'];
  readonly fatal: boolean;
}

/** @internal Checks the options of a codec. */
export function codecRules(options: CodecOptions = {}): CodecRules {
  const { maxFrameBytes = 1 << 20, onTruncated, fatal = true } = options;
  checkBound('maxFrameBytes', maxFrameBytes, { infinite: true });
  if (onTruncated !== undefined && !['error', 'emit', 'drop'].includes(onTruncated)) {
    throw new TypeError('onTruncated must be "error", "emit" or "drop"');
  }
  if (typeof fatal !== 'boolean') throw new TypeError('fatal must be true or false');
  return { maxFrameBytes, onTruncated, fatal };
}

/** @internal The error of data that are not in the format they should be in. */
export function malformed(format: string, what: string, cause?: unknown): StreamError {
  return new StreamError('data-malformed', `${format}: ${what}`, cause === undefined ? {} : { cause });
}

/** @internal The error of a frame that is too large. */
export function tooLarge(format: string, frame: string, maxFrameBytes: number): StreamError {
  return new StreamError('overflow', `${format}: ${frame} has more than maxFrameBytes = ${maxFrameBytes} bytes`);
}
