import { randomUUID } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import { checkBound, checkName, type EncodedChunk, kindOf, StreamError, type StreamInfo } from '../chunk/index.js';
import { checkAppend } from './admission.js';
import { isWithin } from './describe-stream.js';
import type { Appended, AppendOptions, Log, LogSlice, ReadLimit, StreamConfig } from './log.js';
import { NatsCaller } from './nats/caller.js';
import type { StreamMessage } from './nats/message.js';
import { NatsNotices } from './nats/notices.js';
import { StreamReads } from './nats/reads.js';
import { append, create, describe, expiresAt, living, type NatsBounds, remove, trim } from './nats/state.js';
import { NatsStore } from './nats/store.js';
import { NatsSubjects } from './nats/subjects.js';
import { type Newest, StreamWrites } from './nats/writes.js';
import { newLife } from './new-life.js';
import { checkConfig } from './stream-config.js';

/** Options of {@link createNatsLog}. */
export interface NatsLogOptions {
  /** Name of the stream in JetStream that holds the log, and first word of its subjects. Default `sluice`. */
  readonly prefix?: string;
  /** On how many servers of a cluster every message is kept: 1 to 5, when the log is made. Default 1. */
  readonly replicas?: number;
  /** Bytes the log takes on disk, when it is made; an append beyond them is `log-full`. Default `Infinity`. */
  readonly maxTotalBytes?: number;
  /** Chunks a stream keeps; the oldest go. Default 1 000 000. */
  readonly maxChunks?: number;
  /** Producers that a stream knows; an append by one more is `limit-reached`. Default 256. */
  readonly maxProducers?: number;
  /** Encoded bytes of appends that are not answered yet; one more is an `overflow`. Default 64 MiB. */
  readonly maxPendingBytes?: number;
  /** Ended streams are removed after this long, unless their configuration says otherwise. Default 3 600 000: an hour. */
  readonly ttlMs?: number;
  /** How long a call is tried while NATS cannot answer, before it is `log-unavailable`. Default 10 000. */
  readonly patienceMs?: number;
  /** How often who watches is called without need in a cluster, whose servers may lose notices. Default 5 000. */
  readonly pulseMs?: number;
  /** Whether `dispose` closes the connection as well. Default `false`: it stays yours. */
  readonly closeConnection?: boolean;
  /** Milliseconds since the epoch; clocks of processes should agree. Default `Date.now`. */
  readonly now?: () => number;
}

const mebibyte = 1 << 20;
const fromZero = { min: 0 };
const infinite = { infinite: true };
const noOptions: AppendOptions = {};
/** Streams whose state is remembered, and ends that are. */
const maxRemembered = 10_000;
/** A trim of its own is due when so many chunks are beyond `maxChunks`, as a part of it. */
const slack = 1 / 8;

/**
 * Makes a log in NATS 2.9 or later, for any number of processes: one stream in JetStream with a subject for each of ours, an
 * append one message, kept on condition that no other came before it. All goes over the connection you bring; let it be one
 * that reconnects for ever (`maxReconnectAttempts: -1`), and gives up sooner than the log an attempt that breaks (`timeout: 5000`).
 *
 * What was acknowledged survives the end of the server's process; to survive that of its machine, have `replicas`, or tell the
 * server to sync always. A chunk must fit into one message of the server: `chunk-too-large` otherwise.
 *
 * @example
 * const log = createNatsLog(await connect({ servers: '127.0.0.1:4222', maxReconnectAttempts: -1 }));
 */
export function createNatsLog(connection: NatsConnection, options: NatsLogOptions = {}): Log {
  const known = connection as Partial<NatsConnection> | null | undefined;
  if (typeof known?.request !== 'function' || typeof known.subscribe !== 'function') {
    throw new TypeError(`connection must be one of "@nats-io/transport-node", got ${kindOf(connection)}`);
  }
  return new NatsLog(connection, options);
}

class NatsLog implements Log {
  private readonly caller: NatsCaller;
  private readonly subjects: NatsSubjects;
  private readonly store: NatsStore;
  private readonly reads: StreamReads;
  private readonly notices: NatsNotices;
  private readonly bounds: NatsBounds;
  private readonly maxPendingBytes: number;
  private readonly closeConnection: boolean;
  private readonly id = randomUUID();
  private readonly writes = new Map<string, StreamWrites>();
  private writers = 0;
  private pendingBytes = 0;
  /** Streams that have ended by an append of ours, and when they are to be removed. */
  private readonly ends = new Map<string, number>();

  constructor(
    private readonly connection: NatsConnection,
    options: NatsLogOptions,
  ) {
    this.bounds = {
      maxChunks: checkBound('maxChunks', options.maxChunks ?? 1_000_000),
      maxProducers: checkBound('maxProducers', options.maxProducers ?? 256),
      ttlMs: checkBound('ttlMs', options.ttlMs ?? 3_600_000, infinite),
      now: options.now ?? Date.now,
    };
    this.maxPendingBytes = checkBound('maxPendingBytes', options.maxPendingBytes ?? 64 * mebibyte);
    const maxTotalBytes = checkBound('maxTotalBytes', options.maxTotalBytes ?? Infinity, infinite);
    this.closeConnection = options.closeConnection ?? false;
    this.subjects = new NatsSubjects(options.prefix ?? 'sluice');
    this.caller = new NatsCaller(connection, options.patienceMs ?? 10_000);
    this.store = new NatsStore(connection, this.caller, this.subjects, {
      replicas: checkBound('replicas', options.replicas ?? 1, { max: 5 }),
      maxTotalBytes: maxTotalBytes === Infinity ? -1 : maxTotalBytes,
    });
    this.reads = new StreamReads(this.store, this.bounds);
    this.notices = new NatsNotices(connection, this.subjects, options.pulseMs ?? 5000);
  }

  async create(streamId: string, config?: StreamConfig): Promise<void> {
    checkName(streamId);
    const wanted = checkConfig(config);
    const { bounds, store } = this;
    this.expireSome();
    const life = newLife();
    let after = 0;
    await this.writesOf(streamId).add({
      bytes: 0,
      repeatable: true,
      decide: (state, seq) => {
        after = seq;
        return create(streamId, living(state, bounds), wanted, { after, life, now: bounds.now() });
      },
      // Nobody reads what is left of its forerunner: should this fail, it only takes room.
      kept: () => void (after > 0 && store.purge(streamId, after + 1).catch(() => {})),
    });
  }

  async append(
    streamId: string,
    batch: readonly EncodedChunk[],
    options: AppendOptions = noOptions,
  ): Promise<Appended> {
    checkAppend(options);
    const bytes = batch.reduce((sum, { length }) => sum + length, 0);
    if (this.pendingBytes > 0 && this.pendingBytes + bytes > this.maxPendingBytes) {
      const message = `appends of ${this.pendingBytes} of ${this.maxPendingBytes} bytes wait for NATS: there is no room for ${bytes} more`;
      throw new StreamError('overflow', message, { streamId });
    }
    this.pendingBytes += bytes;
    const own = [...batch];
    const { bounds } = this;
    let forgotten = false;
    try {
      return await this.writesOf(streamId).add({
        bytes,
        repeatable: options.producer !== undefined,
        decide: (state) => {
          const step = append(streamId, living(state, bounds), own, options, bounds);
          const first = step.state?.first ?? 0;
          // The messages are removed some at a time: that takes a search, and a rewrite on disk.
          const rhythm = Math.max(1, Math.floor(bounds.maxChunks * slack));
          forgotten = Math.floor(first / rhythm) > Math.floor((state?.first ?? 0) / rhythm);
          return step;
        },
        kept: (newest) => {
          this.noteEnd(streamId, newest);
          if (forgotten) void this.sweep(streamId, newest).catch(() => {});
        },
      });
    } finally {
      this.pendingBytes -= bytes;
    }
  }

  async read(streamId: string, from: number, limit: ReadLimit): Promise<LogSlice> {
    checkBound('from', from, fromZero);
    checkBound('limit.chunks', limit.chunks);
    checkBound('limit.bytes', limit.bytes);
    return await this.reads.read(streamId, from, limit);
  }

  watch(streamId: string, listener: () => void): () => void {
    return this.notices.add(streamId, listener);
  }

  async info(streamId: string): Promise<StreamInfo | undefined> {
    const last = await this.store.last(streamId);
    const state = living(last?.state, this.bounds);
    if (state !== undefined) return describe(streamId, state);
    if (last !== undefined) this.clear(streamId, last);
    return undefined;
  }

  async trim(streamId: string, before: number): Promise<void> {
    checkBound('before', before, fromZero);
    await this.writesOf(streamId).add({
      bytes: 0,
      repeatable: true,
      decide: (state) => trim(streamId, living(state, this.bounds), before),
      kept: (newest) => this.sweep(streamId, newest),
    });
  }

  async delete(streamId: string, life?: string): Promise<void> {
    await this.writesOf(streamId).add({
      bytes: 0,
      alone: true,
      repeatable: true,
      decide: (state) => remove(state, life),
      kept: ({ seq }) => this.store.purge(streamId, seq + 1),
    });
  }

  async list(prefix = ''): Promise<readonly StreamInfo[]> {
    const infos = new Map<string, StreamInfo | undefined>();
    const visit = (streamId: string, last: StreamMessage): boolean => {
      const state = living(last.state, this.bounds);
      if (state === undefined) this.clear(streamId, last);
      infos.set(streamId, state === undefined ? undefined : describe(streamId, state));
      return true;
    };
    const subjects = this.subjects.within(prefix);
    await Promise.all(subjects.map((subject) => this.store.scan({ subject }, visit)));
    const within = isWithin(prefix);
    return [...infos.values()]
      .filter((info) => info !== undefined && within(info.streamId))
      .map((info) => info!)
      .toSorted((a, b) => (a.streamId < b.streamId ? -1 : 1));
  }

  async dispose(): Promise<void> {
    this.notices.dispose();
    this.caller.dispose();
    if (this.closeConnection) await this.connection.close();
  }

  private writesOf(streamId: string): StreamWrites {
    const known = this.writes.get(streamId);
    const writes = known ?? new StreamWrites(streamId, this.store, `${this.id}:${this.writers++}`);
    // The one that was used last is the last to be forgotten.
    this.writes.delete(streamId);
    this.writes.set(streamId, writes);
    if (this.writes.size <= maxRemembered) return writes;
    for (const [other, { idle }] of this.writes) {
      if (!idle || other === streamId) continue;
      this.writes.delete(other);
      break;
    }
    return writes;
  }

  /** Removes the messages that hold only forgotten chunks. */
  private async sweep(streamId: string, { seq, state, count, parts }: Newest): Promise<void> {
    if (state === undefined) return;
    const last = { seq, state, count, parts, body: new Uint8Array() };
    const { first, next } = state;
    const oldest = first === next ? last : await this.reads.locate(streamId, last, first);
    if (oldest !== undefined) await this.store.purge(streamId, oldest.parts?.from ?? oldest.seq);
  }

  private noteEnd(streamId: string, { state }: Newest): void {
    if (state?.endedAt === undefined || this.ends.size >= maxRemembered) return;
    const at = expiresAt(state, this.bounds.ttlMs);
    if (at < Infinity) this.ends.set(streamId, at);
  }

  /** Removes some streams whose time is over: called for every one that is created, that is enough. */
  private expireSome(): void {
    const now = this.bounds.now();
    let removed = 0;
    for (const [streamId, at] of this.ends) {
      if (at > now) continue;
      this.expire(streamId);
      if (++removed === 10) return;
    }
  }

  /** Removes what is left of a stream that nobody sees any more. Should that fail, nobody does all the same. */
  private clear(streamId: string, { seq, state }: StreamMessage): void {
    if (state.removed) this.store.purge(streamId, seq + 1).catch(() => {});
    else this.expire(streamId);
  }

  /** Removes a stream if it has outlived its end: who watches is told. */
  private expire(streamId: string): void {
    this.ends.delete(streamId);
    const { bounds, store } = this;
    const removing = this.writesOf(streamId).add({
      bytes: 0,
      alone: true,
      repeatable: true,
      decide: (state) => (living(state, bounds) === undefined ? remove(state) : { state, chunks: [], answer: false }),
      kept: ({ seq }) => store.purge(streamId, seq + 1),
    });
    removing.catch(() => {});
  }
}
