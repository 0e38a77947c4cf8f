import { type EncodedChunk, type EndStatus, StreamError } from '../../chunk/index.js';
import type { ProducerState } from '../admission.js';
import { readChunk, writeChunk } from '../chunk-record.js';
import type { StreamConfig } from '../log.js';
import type { StreamState } from './state.js';

/** @internal One message of a stream: chunks that were kept together, and where the stream stands since then. */
export interface StreamMessage {
  /** Its number in JetStream, which grows with every message of any stream. */
  readonly seq: number;
  readonly state: StreamState;
  /** How many chunks it holds: the newest of `state.next`. None in a part, whatever is in its body. */
  readonly count: number;
  /** What stands before its own chunks, where they have not all found room in one message. */
  readonly parts?: Parts | undefined;
  readonly body: Uint8Array;
}

/**
 * @internal Messages with chunks of a later one, right before it. Until that is kept they count for nothing: they say that the
 * stream stands where it did before.
 */
export interface Parts {
  /** The first of them, by its number in JetStream. */
  readonly from: number;
  /** How many chunks are in all of them. */
  readonly count: number;
}

/** @internal Name of the header that holds where the stream stands. */
export const stateHeader = 'Sluice-State';

/** Four bytes with the length of what follows stand before every chunk. */
const prefix = 4;

/** The state as it is written. Producers are a list, because their ids may be any text. */
interface Written extends Omit<StreamState, 'config' | 'producers' | 'end'> {
  readonly version: 1;
  readonly count: number;
  readonly parts?: Parts;
  readonly config: object;
  readonly producers: readonly (readonly [id: string, epoch: number, next: number])[];
  readonly end?: { readonly status: EndStatus; readonly reason?: string };
}

/** @internal Writes where a stream stands behind `count` chunks, in printable ASCII, as a header must be. */
export function writeState(state: StreamState, count: number, parts?: Parts): string {
  const { config } = state;
  const written = {
    version: 1,
    count,
    parts,
    ...state,
    // What JSON has no number for.
    config: config.ttlMs === Infinity ? { ...config, ttlMs: 'Infinity' } : config,
    producers: Array.from(state.producers, ([id, { epoch, next }]) => [id, epoch, next]),
  };
  const text = JSON.stringify(written);
  return text.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** @internal Reads what {@link writeState} wrote. `log-incompatible` when it is anything else. */
export function readState(
  streamId: string,
  text: string | undefined,
): Pick<StreamMessage, 'state' | 'count' | 'parts'> {
  let written: Written | undefined;
  try {
    written = JSON.parse(text ?? 'null') as Written;
  } catch {
    // It is none of ours either way.
  }
  if (written?.version !== 1) {
    const message = `stream "${streamId}": NATS keeps a message that this version of the log has not written`;
    throw new StreamError('log-incompatible', message, { streamId });
  }
  const { version: _, count, parts, config, producers, ...standing } = written;
  const known = producers.map(([id, epoch, next]): [string, ProducerState] => [id, { epoch, next }]);
  return { state: { ...standing, config: readConfig(config), producers: new Map(known) } as StreamState, count, parts };
}

function readConfig(config: object): StreamConfig {
  const { ttlMs } = config as { ttlMs?: unknown };
  return ttlMs === 'Infinity' ? { ...config, ttlMs: Infinity } : (config as StreamConfig);
}

/** @internal Bytes that a chunk takes in a message, at most. */
export function spaceOf({ length }: EncodedChunk): number {
  // The length, the sizes that stand before a chunk, the chunk.
  return prefix + 16 + length;
}

/** @internal Writes chunks as one body. */
export function writeBody(chunks: readonly EncodedChunk[]): Uint8Array {
  const parts: Buffer[] = [];
  for (const chunk of chunks) {
    const record = writeChunk(chunk);
    const length = Buffer.allocUnsafe(prefix);
    length.writeUInt32LE(record.length);
    parts.push(length, record);
  }
  return Buffer.concat(parts);
}

/** @internal Number of the first chunk that a message adds to its stream. */
export function beginOf({ state, count, parts }: StreamMessage): number {
  return state.next - count - (parts?.count ?? 0);
}

/** @internal Reads the chunks of a body. */
export function* chunksOf(body: Uint8Array): Generator<EncodedChunk> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  for (let at = 0; at < bytes.length;) {
    const begin = at + prefix;
    at = begin + bytes.readUInt32LE(at);
    yield readChunk(bytes.subarray(begin, at));
  }
}
