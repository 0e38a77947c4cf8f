import { checkBound, type Chunk, type ChunkInit, type JsonValue, StreamError } from '../chunk/index.js';

/** What a snapshot holds. */
export type SnapshotData = Pick<ChunkInit, 'data' | 'type'>;

/**
 * Makes one thing of a stream's chunks, such as the text assembled of them, so that who comes late need not read them all. The
 * same chunks must always come to the same, in every process.
 */
export interface Fold<S = unknown> {
  /** Tells its snapshots from those of others: letters, digits and dashes, at most 32. Change it when the fold changes. */
  readonly name: string;
  /** What no chunks come to. */
  readonly initial: S;
  /**
   * What a state and one more chunk come to: a new state, the old one unchanged. Throws for a chunk that it cannot take, or
   * that makes the whole too large: from there on readers get the chunks themselves.
   */
  fold(state: S, chunk: Chunk): S;
  /** The state as a snapshot; `undefined` while there is nothing to be shown. */
  encode(state: S): SnapshotData | undefined;
  /** The state that a snapshot was made of. */
  decode(snapshot: Chunk): S;
}

/** Options of {@link assembled}. */
export interface AssembledOptions {
  /** Most bytes of the whole: of UTF-8, or of bytes. Default 512 KiB. */
  readonly maxBytes?: number;
}

/** All of a stream's data so far, in parts: joined when it is asked for. */
interface Assembly {
  readonly type: Chunk['type'];
  readonly size: number;
  /** Of text. A string that grows costs nothing until it is read. */
  readonly text: string;
  /** Of bytes: the last part, with the one before it. */
  readonly tail: Part | undefined;
}

interface Part {
  readonly bytes: Uint8Array;
  readonly before: Part | undefined;
}

/**
 * The data of all chunks, one behind the other: a text of text chunks, bytes of those of one binary type. Who takes the
 * snapshot for one chunk like the others has the same in the end, byte for byte. Takes no `json`, and no mixture of types.
 *
 * @example
 * const streams = createStreams({ log, rollup: { fold: () => assembled({ maxBytes: 1 << 20 }) } });
 */
export function assembled({ maxBytes = 1 << 19 }: AssembledOptions = {}): Fold<Assembly | undefined> {
  checkBound('maxBytes', maxBytes);
  return {
    name: 'assembled',
    initial: undefined,
    fold: (state, chunk) => {
      if (chunk.type === 'json' || (state !== undefined && state.type !== chunk.type)) throw unfit('assembled', chunk);
      const size = (state?.size ?? 0) + chunk.size;
      if (size > maxBytes) {
        throw new StreamError('overflow', `assembled: more than maxBytes = ${maxBytes}`, { operator: 'assembled' });
      }
      return addTo(state, chunk, size);
    },
    encode: (state) => state && { type: state.type, data: state.type === 'text' ? state.text : join(state) },
    decode: (snapshot) => addTo(undefined, snapshot as BytesOrText, snapshot.size),
  };
}

type BytesOrText = Exclude<Chunk, { type: 'json' }>;

function addTo(state: Assembly | undefined, { type, data }: BytesOrText, size: number): Assembly {
  const { text = '', tail } = state ?? {};
  if (typeof data === 'string') return { type, size, text: text + data, tail };
  return { type, size, text, tail: { bytes: data, before: tail } };
}

function join({ size, tail }: Assembly): Uint8Array {
  const whole = new Uint8Array(size);
  let end = size;
  for (let part = tail; part !== undefined; part = part.before) {
    end -= part.bytes.length;
    whole.set(part.bytes, end);
  }
  return whole;
}

/** The value of the newest chunk, in a stream of `json` whose every chunk replaces the one before. */
export const lastJson: Fold<{ readonly value: JsonValue } | undefined> = {
  name: 'last-json',
  initial: undefined,
  fold: (_, chunk) => {
    if (chunk.type !== 'json') throw unfit('lastJson', chunk);
    return { value: chunk.data };
  },
  encode: (state) => state && { type: 'json', data: state.value },
  decode: (snapshot) => ({ value: snapshot.data as JsonValue }),
};

function unfit(operator: string, { streamId, seq, type }: Chunk): StreamError {
  const message = `${operator}: chunk ${seq} of stream "${streamId}" is ${type}, which does not fit the others`;
  return new StreamError('data-malformed', message, { streamId, seq, operator });
}

const foldName = /^[\dA-Za-z-]{1,32}$/;

/** @internal Checks a fold that was handed in. */
export function checkFold(fold: Fold): Fold {
  if (foldName.test(fold.name)) return fold;
  throw new RangeError(`fold.name must be of 1 to 32 letters, digits and dashes, got "${fold.name}"`);
}
