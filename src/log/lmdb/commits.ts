import type { Database } from 'lmdb';
import { StreamError } from '../../chunk/index.js';
import type { Folder } from './folder.js';
import type { LmdbStream } from './stream.js';

/** @internal A chunk to be put, written already, or to be removed. */
export interface ChunkWrite {
  readonly key: Buffer;
  readonly record?: Buffer;
}

/** @internal Told of every commit. */
export interface CommitListener {
  /** A commit begins: writes what belongs to no stream. */
  save(states: Database<unknown, Buffer>): void;
  /** What these streams have saved is on disk. */
  kept(streams: ReadonlySet<LmdbStream>): void;
  /** Nothing of what is planned for these streams came to be. */
  lost(streams: ReadonlySet<LmdbStream>): void;
}

interface Job {
  readonly writes: readonly ChunkWrite[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * @internal Commits what has gathered while the commit before was under way, whatever streams it is for: one wait for the disk
 * serves all.
 */
export class Commits {
  private jobs: Job[] = [];
  private streams = new Set<LmdbStream>();
  private pendingBytes = 0;
  private working = false;

  constructor(
    private readonly folder: Folder,
    private readonly maxPendingBytes: number,
    private readonly listener: CommitListener,
  ) {}

  /** Refuses with `overflow` what would make too much wait for the disk. */
  checkRoom(streamId: string, bytes: number): void {
    if (this.pendingBytes === 0 || this.pendingBytes + bytes <= this.maxPendingBytes) return;
    const message = `${this.pendingBytes} bytes wait for the disk: there is no room for ${bytes} more`;
    throw new StreamError('overflow', message, { streamId });
  }

  /** Has the next commit take what is planned for a stream, with these chunks. Resolves when it is on disk. */
  add(stream: LmdbStream, writes: readonly ChunkWrite[] = []): Promise<void> {
    this.streams.add(stream);
    return this.join(writes);
  }

  /** Resolves when everything that was added so far is on disk, rejects when it could not be written. */
  settle(): Promise<void> {
    return this.join([]);
  }

  private join(writes: readonly ChunkWrite[]): Promise<void> {
    for (const { record } of writes) this.pendingBytes += record?.length ?? 0;
    if (!this.working) {
      this.working = true;
      this.next();
    }
    return new Promise((resolve, reject) => void this.jobs.push({ writes, resolve, reject }));
  }

  /** A turn later, so that everybody who was waiting for the commit before, or came in the same turn, is in this one. */
  private next(): void {
    setImmediate(() => void this.commit());
  }

  private async commit(): Promise<void> {
    const { jobs, streams } = this;
    this.jobs = [];
    this.streams = new Set();
    try {
      if (streams.size > 0) await this.folder.write(() => this.write(jobs, streams));
      this.release(jobs);
      this.listener.kept(streams);
      for (const { resolve } of jobs) resolve();
    } catch (error) {
      this.fail(jobs, streams, error);
    }
    this.working = this.jobs.length > 0;
    if (this.working) this.next();
  }

  private write(jobs: readonly Job[], streams: ReadonlySet<LmdbStream>): void {
    const { chunks, states } = this.folder;
    for (const { writes } of jobs) {
      for (const { key, record } of writes) void (record === undefined ? chunks.remove(key) : chunks.put(key, record));
    }
    for (const stream of streams) stream.save(states);
    this.listener.save(states);
  }

  /** What came meanwhile was planned on top of what has failed: it fails as well. */
  private fail(jobs: readonly Job[], streams: ReadonlySet<LmdbStream>, error: unknown): void {
    const all = [...jobs, ...this.jobs];
    const touched = new Set([...streams, ...this.streams]);
    this.jobs = [];
    this.streams = new Set();
    this.release(all);
    this.listener.lost(touched);
    for (const { reject } of all) reject(error);
  }

  private release(jobs: readonly Job[]): void {
    for (const { writes } of jobs) for (const { record } of writes) this.pendingBytes -= record?.length ?? 0;
  }
}
