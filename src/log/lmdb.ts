import { checkBound, checkName, type EncodedChunk, kindOf, StreamError, type StreamInfo } from '../chunk/index.js';
import { checkAppend, checkLife } from './admission.js';
import { isWithin } from './describe-stream.js';
import { type ChunkWrite, Commits } from './lmdb/commits.js';
import { type Folder, openFolder } from './lmdb/folder.js';
import { writeChunk } from './chunk-record.js';
import { chunkKey, kinds, readStateKey } from './lmdb/records.js';
import { type Created, LmdbStream } from './lmdb/stream.js';
import { Sweeper } from './lmdb/sweeper.js';
import { type SavedTotals, Totals } from './lmdb/totals.js';
import type { Appended, AppendOptions, Log, LogSlice, ReadLimit, StreamConfig } from './log.js';
import { checkConfig, sameConfig } from './stream-config.js';
import { Watchers } from './watchers.js';

/** Options of {@link createLmdbLog}: its bounds, and its clock. */
export interface LmdbLogOptions {
  /** Chunks a stream keeps; the oldest go. Default `Infinity`. */
  readonly maxChunks?: number;
  /** Encoded bytes all streams keep; an append beyond them is `log-full`, a larger chunk `chunk-too-large`. Default 64 GiB. */
  readonly maxTotalBytes?: number;
  /** Encoded bytes that may wait for the disk; an append beyond them is `overflow`. Default 64 MiB. */
  readonly maxPendingBytes?: number;
  /** Streams kept, of each of which memory holds about a kilobyte; creating one more is `log-full`. Default 100 000. */
  readonly maxStreams?: number;
  /** Producers that a stream knows; an append by one more is `limit-reached`. Default 1 024. */
  readonly maxProducers?: number;
  /** Ended streams are removed after this long, unless their configuration says otherwise. Default 3 600 000: an hour. */
  readonly ttlMs?: number;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
}

type Bounds = Required<LmdbLogOptions>;

const mebibyte = 1 << 20;
const fromZero = { min: 0 };
const noOptions: AppendOptions = {};

/** A log in a folder. It answers reads at once; what changes it answers when the disk has it. */
export interface LmdbLog extends Log {
  create(streamId: string, config?: StreamConfig): Promise<void>;
  append(streamId: string, batch: readonly EncodedChunk[], options?: AppendOptions): Promise<Appended>;
  read(streamId: string, from: number, limit: ReadLimit): LogSlice;
  info(streamId: string): StreamInfo | undefined;
  trim(streamId: string, before: number): Promise<void>;
  delete(streamId: string, life?: string): Promise<void>;
  list(prefix?: string): readonly StreamInfo[];
  /** Waits for the disk and lets go of the folder. Afterwards every call is `log-unavailable`. */
  dispose(): Promise<void>;
}

/**
 * Opens the log in a folder, which is made when it is not there. What it has acknowledged survives the end of the process,
 * however that ends, and nobody sees a chunk before the disk has it. Appends that come while the disk is busy, to whatever
 * streams, are committed together. One process has a folder open at a time.
 *
 * A write that fails - `log-full` when the disk is, else `log-unavailable` - leaves everything as it was on disk; the next one is
 * tried anew.
 *
 * @throws TypeError or RangeError for options that make no sense; rejects with `log-in-use`, `log-incompatible` when something
 *   else is in the folder or another version of this log wrote it, or `log-unavailable`
 *
 * @example
 * const log = await createLmdbLog('./streams');
 * await log.create('greetings');
 * await log.append('greetings', [encodeChunk(createChunk({ streamId: 'greetings', seq: 0, data: 'hello' }))]);
 */
export async function createLmdbLog(folder: string, options: LmdbLogOptions = {}): Promise<LmdbLog> {
  if (typeof folder !== 'string' || folder === '') {
    throw new TypeError(`folder must be a path, got ${kindOf(folder)}`);
  }
  const bounds = checkBounds(options);
  return new FolderLog(await openFolder(folder), bounds);
}

function checkBounds(options: LmdbLogOptions): Bounds {
  const infinite = { infinite: true };
  return {
    maxChunks: checkBound('maxChunks', options.maxChunks ?? Infinity, infinite),
    maxTotalBytes: checkBound('maxTotalBytes', options.maxTotalBytes ?? 64 * 1024 * mebibyte),
    maxPendingBytes: checkBound('maxPendingBytes', options.maxPendingBytes ?? 64 * mebibyte),
    maxStreams: checkBound('maxStreams', options.maxStreams ?? 100_000),
    maxProducers: checkBound('maxProducers', options.maxProducers ?? 1024),
    ttlMs: checkBound('ttlMs', options.ttlMs ?? 3_600_000, infinite),
    now: options.now ?? Date.now,
  };
}

class FolderLog implements LmdbLog {
  readonly exclusive = true;
  /** Streams as the calls so far have left them. */
  private planned: Map<string, LmdbStream>;
  /** Streams as they are on disk: what is shown. */
  private readonly shown = new Map<string, LmdbStream>();
  private readonly watchers = new Watchers();
  private readonly commits: Commits;
  private readonly totals: Totals;
  private readonly sweeper: Sweeper;
  /** No stream is to be removed before this time. */
  private nextExpiry = Infinity;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly folder: Folder,
    private readonly bounds: Bounds,
  ) {
    this.totals = new Totals(bounds.maxTotalBytes);
    this.commits = new Commits(folder, bounds.maxPendingBytes, {
      save: (states) => this.totals.save(states),
      kept: (streams) => this.kept(streams),
      lost: (streams) => this.lost(streams),
    });
    this.sweeper = new Sweeper(folder, this.commits, this.totals);
    this.load();
    this.planned = new Map(this.shown);
    void this.sweeper.sweep();
  }

  async create(streamId: string, config?: StreamConfig): Promise<void> {
    checkName(streamId);
    const wanted = checkConfig(config);
    this.begin();
    const known = this.planned.get(streamId);
    if (known !== undefined) {
      await this.settled(known);
      if (sameConfig(known.created.config, wanted)) return;
      throw new StreamError('stream-exists', `stream "${streamId}" exists with another configuration`, { streamId });
    }
    if (this.planned.size >= this.bounds.maxStreams) {
      const message = `the log keeps ${this.bounds.maxStreams} streams, which is as many as it may`;
      throw new StreamError('log-full', message, { streamId });
    }
    const number = this.totals.numberStream();
    const stream = new LmdbStream(number, { streamId, createdAt: this.bounds.now(), config: wanted });
    this.planned.set(streamId, stream);
    await this.commits.add(stream);
  }

  async append(
    streamId: string,
    batch: readonly EncodedChunk[],
    options: AppendOptions = noOptions,
  ): Promise<Appended> {
    checkAppend(options);
    const stream = this.get(streamId);
    let duplicates: number;
    try {
      checkLife(streamId, stream.life, options.life);
      duplicates = stream.admit(batch.length, options, this.bounds.maxProducers);
    } catch (refusal) {
      // It may rest on what is not on disk yet: nobody is told of that before it is.
      await this.settled(stream);
      throw refusal;
    }
    const fresh = duplicates === 0 ? batch : batch.slice(duplicates);
    const growth = this.totals.checkRoom(streamId, fresh);
    this.commits.checkRoom(streamId, growth);
    const before = stream.planned;
    let size = 0;
    for (const chunk of fresh) size += chunk.size;
    const appended = stream.append(batch.length, duplicates, size, options, this.bounds.now());
    if (stream.planned === before) {
      await this.settled(stream);
      return appended;
    }
    stream.trim(appended.next - this.bounds.maxChunks);
    this.totals.grow(growth);
    const writes: ChunkWrite[] = [];
    let seq = appended.first;
    for (const chunk of fresh) writes.push({ key: chunkKey(stream.number, seq++), record: writeChunk(chunk) });
    await this.commits.add(stream, writes);
    return appended;
  }

  read(streamId: string, from: number, limit: ReadLimit): LogSlice {
    checkBound('from', from, fromZero);
    checkBound('limit.chunks', limit.chunks);
    checkBound('limit.bytes', limit.bytes);
    this.begin();
    const stream = this.shown.get(streamId);
    if (stream === undefined) throw notFound(streamId);
    const { first, next, end } = stream.kept!;
    const start = Math.max(from, first);
    const chunks = this.folder.read(stream.number, start, Math.min(next, start + limit.chunks), limit.bytes);
    const slice = { from: start, chunks, next, life: stream.life };
    return end === undefined ? slice : { ...slice, end };
  }

  watch(streamId: string, listener: () => void): () => void {
    return this.watchers.add(streamId, listener);
  }

  info(streamId: string): StreamInfo | undefined {
    this.begin();
    return this.shown.get(streamId)?.info();
  }

  async trim(streamId: string, before: number): Promise<void> {
    checkBound('before', before, fromZero);
    const stream = this.get(streamId);
    const { planned } = stream;
    stream.trim(before);
    await (stream.planned === planned ? this.settled(stream) : this.commits.add(stream));
  }

  async delete(streamId: string, life?: string): Promise<void> {
    this.begin();
    const stream = this.planned.get(streamId);
    if (stream === undefined || (life ?? stream.life) !== stream.life) {
      await this.commits.settle();
      return;
    }
    await this.remove(stream);
  }

  list(prefix = ''): readonly StreamInfo[] {
    this.begin();
    const within = isWithin(prefix);
    return [...this.shown]
      .filter(([streamId]) => within(streamId))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, stream]) => stream.info());
  }

  async dispose(): Promise<void> {
    this.closing ??= this.close();
    await this.closing;
  }

  private async close(): Promise<void> {
    this.sweeper.stop();
    this.watchers.clear();
    // What has failed was told to who asked for it.
    await this.commits.settle().catch(() => {});
    await this.folder.close();
  }

  private get(streamId: string): LmdbStream {
    this.begin();
    const stream = this.planned.get(streamId);
    if (stream === undefined) throw notFound(streamId);
    return stream;
  }

  /** Every call comes through here: nothing after the end, and what has outlived its own is removed. */
  private begin(): void {
    if (this.closing !== undefined) throw new StreamError('log-unavailable', 'the log was disposed of');
    const now = this.bounds.now();
    if (now < this.nextExpiry) return;
    this.nextExpiry = Infinity;
    for (const [streamId, stream] of [...this.shown]) {
      const expiresAt = stream.expiresAt(this.bounds.ttlMs);
      if (expiresAt > now) {
        this.nextExpiry = Math.min(this.nextExpiry, expiresAt);
        continue;
      }
      this.shown.delete(streamId);
      // Should that not be written, it has still expired when the folder is opened again.
      this.remove(stream).catch(() => {});
      this.watchers.notify(streamId);
    }
  }

  private remove(stream: LmdbStream): Promise<void> {
    const { streamId } = stream.created;
    if (this.planned.get(streamId) === stream) this.planned.delete(streamId);
    stream.removed = true;
    return this.commits.add(stream);
  }

  /** Waits until what is planned for a stream is on disk. */
  private async settled(stream: LmdbStream): Promise<void> {
    if (!stream.settled) await this.commits.settle();
  }

  private kept(streams: ReadonlySet<LmdbStream>): void {
    this.totals.commit();
    const changed: string[] = [];
    for (const stream of streams) {
      const { streamId } = stream.created;
      const noticed = stream.commit();
      if (!stream.removed) this.show(streamId, stream);
      else if (this.shown.get(streamId) === stream) this.shown.delete(streamId);
      this.sweeper.add(stream);
      if (noticed) changed.push(streamId);
    }
    for (const streamId of changed) this.watchers.notify(streamId);
    void this.sweeper.sweep();
  }

  private show(streamId: string, stream: LmdbStream): void {
    this.shown.set(streamId, stream);
    this.nextExpiry = Math.min(this.nextExpiry, stream.expiresAt(this.bounds.ttlMs));
  }

  private lost(streams: ReadonlySet<LmdbStream>): void {
    this.totals.revert();
    for (const stream of streams) stream.revert();
    this.planned = new Map(this.shown);
  }

  /** Of two streams of one name the older had expired, and the disk was full when that was to be written. */
  private adopt(stream: LmdbStream): void {
    const older = this.shown.get(stream.created.streamId);
    this.show(stream.created.streamId, stream);
    if (older === undefined) return;
    older.removed = true;
    // Should that fail again, it is tried again when the folder is opened next.
    this.commits.add(older).catch(() => {});
  }

  /** Takes over what is on disk. */
  private load(): void {
    const streams = new Map<number, LmdbStream>();
    for (const { key, value } of this.folder.states.getRange({})) {
      const { stream: number, kind, id } = readStateKey(key);
      if (number === 0) {
        if (kind === kinds.totals) this.totals.load(value as SavedTotals);
        continue;
      }
      if (kind === kinds.created) streams.set(number, new LmdbStream(number, revive(value as Created)));
      else if (kind === kinds.removed) streams.set(number, new LmdbStream(number, removedStream));
      if (kind !== kinds.created) streams.get(number)!.load(kind, id, value);
    }
    for (const stream of streams.values()) {
      if (!stream.removed) this.adopt(stream);
      this.sweeper.add(stream);
    }
  }
}

/** What is left of a stream that was removed has no name. */
const removedStream: Created = { streamId: '', createdAt: 0, config: {} };

/** JSON has no `Infinity`. */
function revive({ config, ...created }: Created): Created {
  return { ...created, config: (config.ttlMs as number | null) === null ? { ...config, ttlMs: Infinity } : config };
}

function notFound(streamId: string): StreamError {
  return new StreamError('stream-not-found', `there is no stream "${streamId}"`, { streamId });
}
