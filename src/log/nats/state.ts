import { type EncodedChunk, StreamError, type StreamInfo } from '../../chunk/index.js';
import { admit, checkLife, nextState, type ProducerState } from '../admission.js';
import { describeStream, type StreamStanding } from '../describe-stream.js';
import type { Appended, AppendOptions, StreamConfig } from '../log.js';
import { sameConfig } from '../stream-config.js';

/** @internal Where a stream stands: each of its messages says it. Never changed, only replaced. */
export interface StreamState extends StreamStanding {
  /** Messages of its subject up to this one are of streams of the same name that were removed. */
  readonly after: number;
  /** Logs before this one wrote none. */
  readonly life?: string;
  readonly createdAt: number;
  readonly config: StreamConfig;
  readonly producers: ReadonlyMap<string, ProducerState>;
  /** It was removed: nothing is there. */
  readonly removed?: true;
}

/** @internal Bounds of the streams of a log in NATS, and its clock. */
export interface NatsBounds {
  readonly maxChunks: number;
  readonly maxProducers: number;
  readonly ttlMs: number;
  readonly now: () => number;
}

/** @internal What a call does to a stream: nothing when the state is the one it was. */
export interface Step<T> {
  readonly state: StreamState | undefined;
  /** Chunks to be kept. */
  readonly chunks: readonly EncodedChunk[];
  readonly answer: T;
}

const none: readonly EncodedChunk[] = [];

/** @internal Which of all streams of its name it is. */
export function lifeOf({ life, createdAt }: StreamState): string {
  return life ?? `${createdAt}`;
}

/** @internal When a stream is to be removed: never while it has not ended. */
export function expiresAt({ endedAt, config }: StreamState, ttlMs: number): number {
  return endedAt === undefined ? Infinity : endedAt + (config.ttlMs ?? ttlMs);
}

/** @internal The state as others see it: none of a stream that was removed, or whose time is over. */
export function living(state: StreamState | undefined, { ttlMs, now }: NatsBounds): StreamState | undefined {
  return state === undefined || state.removed || expiresAt(state, ttlMs) <= now() ? undefined : state;
}

/** @internal Creates a stream behind the message `after`, the newest of its subject. */
export function create(
  streamId: string,
  state: StreamState | undefined,
  config: StreamConfig,
  { after, life, now }: { readonly after: number; readonly life: string; readonly now: number },
): Step<boolean> {
  if (state === undefined) {
    const standing = { first: 0, next: 0, size: 0, lastChunkAt: undefined, end: undefined, endedAt: undefined };
    return {
      state: { after, life, createdAt: now, config, producers: new Map(), ...standing },
      chunks: none,
      answer: true,
    };
  }
  if (sameConfig(state.config, config)) return { state, chunks: none, answer: false };
  throw new StreamError('stream-exists', `stream "${streamId}" exists with another configuration`, { streamId });
}

/** @internal Appends to a stream by the laws of logs. Throws when they refuse it. */
export function append(
  streamId: string,
  known: StreamState | undefined,
  batch: readonly EncodedChunk[],
  options: AppendOptions,
  { maxChunks, maxProducers, now }: NatsBounds,
): Step<Appended> {
  const state = existing(streamId, known);
  checkLife(streamId, lifeOf(state), options.life);
  const { producer, close } = options;
  const old = producer === undefined ? undefined : state.producers.get(producer.id);
  const duplicates = admit(streamId, { end: state.end, producer: old, next: state.next }, batch.length, options);
  if (producer !== undefined && old === undefined && state.producers.size >= maxProducers) {
    const message = `stream "${streamId}" has ${maxProducers} producers, which is as many as it may`;
    throw new StreamError('limit-reached', message, { streamId });
  }
  const chunks = batch.slice(duplicates);
  const first = state.next;
  const next = first + chunks.length;
  const ended = close !== undefined && state.end === undefined;
  const after = producer === undefined ? undefined : nextState(old, producer, batch.length);
  const answer = { first, next, duplicates, ended, ...(after === undefined ? {} : { expected: after.next }) };
  const moved = after !== undefined && (after.epoch !== old?.epoch || after.next !== old.next);
  if (chunks.length === 0 && !ended && !moved) return { state, chunks, answer };
  const time = now();
  return {
    state: {
      ...state,
      first: Math.max(state.first, next - maxChunks),
      next,
      size: chunks.reduce((sum, { size }) => sum + size, state.size),
      lastChunkAt: chunks.length > 0 ? time : state.lastChunkAt,
      end: ended ? { ...close } : state.end,
      endedAt: ended ? time : state.endedAt,
      producers: moved ? new Map([...state.producers, [producer!.id, after]]) : state.producers,
    },
    chunks,
    answer,
  };
}

/** @internal Forgets chunks below `before`. Answers whether any were. */
export function trim(streamId: string, known: StreamState | undefined, before: number): Step<boolean> {
  const state = existing(streamId, known);
  const first = Math.min(before, state.next);
  if (first <= state.first) return { state, chunks: none, answer: false };
  return { state: { ...state, first }, chunks: none, answer: true };
}

/** @internal Removes a stream, or only the one of a life. Answers whether there was one. */
export function remove(state: StreamState | undefined, life?: string): Step<boolean> {
  const other = state !== undefined && life !== undefined && life !== lifeOf(state);
  if (state === undefined || state.removed || other) return { state, chunks: none, answer: false };
  return { state: { ...state, config: {}, producers: new Map(), removed: true }, chunks: none, answer: true };
}

/** @internal What is told of a stream. */
export function describe(streamId: string, state: StreamState): StreamInfo {
  return describeStream(streamId, lifeOf(state), state.config, state.createdAt, state);
}

/** @internal The state of a stream that must be there. */
export function existing(streamId: string, state: StreamState | undefined): StreamState {
  if (state !== undefined) return state;
  throw new StreamError('stream-not-found', `there is no stream "${streamId}"`, { streamId });
}
