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

/** What one commit takes. */
class Batch {
  readonly writes: ChunkWrite[] = [];
  readonly streams = new Set<LmdbStream>();
  bytes = 0;
  resolve!: () => void;
  reject!: (error: unknown) => void;
  /** One for all who wait for this commit. */
  readonly done = new Promise<void>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
}

/**
 * @internal Commits what has gathered while the commit before was under way, whatever streams it is for: one wait for the disk
 * serves all.
 */
export class Commits {
  /** What the next commit takes: there is one as long as somebody waits for it. */
  private next: Batch | undefined;
  private working = false;
  private pendingBytes = 0;

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
    const batch = this.gather();
    batch.streams.add(stream);
    for (const write of writes) {
      const bytes = write.record?.length ?? 0;
      batch.bytes += bytes;
      this.pendingBytes += bytes;
      batch.writes.push(write);
    }
    return batch.done;
  }

  /** Resolves when everything that was added so far is on disk, rejects when it could not be written. */
  settle(): Promise<void> {
    return this.gather().done;
  }

  private gather(): Batch {
    if (this.next === undefined) {
      this.next = new Batch();
      if (!this.working) this.begin();
    }
    return this.next;
  }

  /** A turn later, so that everybody who was waiting for the commit before, or came in the same turn, is in this one. */
  private begin(): void {
    this.working = true;
    setImmediate(() => void this.commit(this.next!));
  }

  private async commit(batch: Batch): Promise<void> {
    this.next = undefined;
    try {
      if (batch.streams.size > 0) await this.folder.write(() => this.write(batch));
      this.pendingBytes -= batch.bytes;
      this.listener.kept(batch.streams);
      batch.resolve();
    } catch (error) {
      this.fail(batch, error);
    }
    this.working = false;
    if (this.next !== undefined) this.begin();
  }

  private write({ writes, streams }: Batch): void {
    const { chunks, states } = this.folder;
    for (const { key, record } of writes) void (record === undefined ? chunks.remove(key) : chunks.put(key, record));
    for (const stream of streams) stream.save(states);
    this.listener.save(states);
  }

  /** What came meanwhile was planned on top of what has failed: it fails as well. */
  private fail(batch: Batch, error: unknown): void {
    const behind = this.next;
    this.next = undefined;
    this.pendingBytes = 0;
    this.listener.lost(new Set([...batch.streams, ...(behind?.streams ?? [])]));
    batch.reject(error);
    behind?.reject(error);
  }
}
