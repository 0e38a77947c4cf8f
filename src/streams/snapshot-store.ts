import {
  type Chunk,
  decodeChunk,
  type EncodedChunk,
  type ErrorCode,
  nameProblem,
  type SnapshotMark,
  snapshotOf,
  StreamError,
  type StreamInfo,
} from '../chunk/index.js';
import type { Log, StreamConfig } from '../log/log.js';

/** Where snapshots are kept. */
export const snapshots = 'sluice/snapshots';

/** A snapshot that was kept. */
export interface KeptSnapshot {
  readonly mark: SnapshotMark;
  readonly chunk: Chunk;
  readonly encoded: EncodedChunk;
}

/**
 * Keeps the newest snapshot of one stream, in a stream of its own beside it. Its name holds the fold and when the stream was
 * created, so that no snapshot is taken for one of another fold, or of an earlier stream of the name.
 *
 * Any number of processes may write. The number a snapshot stands at is its epoch: the log itself refuses one that is older than
 * what is kept, and keeps one that is written twice once.
 *
 * @internal
 */
export class SnapshotStore {
  /** `undefined` for a stream with so long a name that there is none left for this. */
  readonly name: string | undefined;
  private readonly config: StreamConfig;

  constructor(
    private readonly log: Log,
    { streamId, createdAt }: Pick<StreamInfo, 'streamId' | 'createdAt'>,
    fold: string,
    ttlMs?: number,
  ) {
    const name = `${snapshots}/${fold}/${createdAt}/${streamId}`;
    this.name = nameProblem(name) === undefined ? name : undefined;
    this.config = { source: streamId, ...(ttlMs === undefined ? {} : { ttlMs }) };
  }

  /** The newest snapshot. */
  async read(): Promise<KeptSnapshot | undefined> {
    const { log, name } = this;
    if (name === undefined) return undefined;
    const info = await log.info(name);
    if (info === undefined || info.next === 0) return undefined;
    const [encoded] = await this.newest(name, info.next - 1);
    if (encoded === undefined) return undefined;
    const chunk = decodeChunk(name, info.next - 1, encoded);
    const mark = snapshotOf(chunk);
    return mark && { mark, chunk, encoded };
  }

  private async newest(name: string, from: number): Promise<readonly EncodedChunk[]> {
    try {
      return (await this.log.read(name, from, { chunks: 1, bytes: 1 })).chunks;
    } catch (error) {
      // Its time was over between the two questions.
      if (hasCode(error, 'stream-not-found')) return [];
      throw error;
    }
  }

  /** Keeps a snapshot in place of older ones; the last one, when `last` says so. */
  async write(encoded: EncodedChunk, seq: number, last: boolean): Promise<void> {
    const { log, name } = this;
    if (name === undefined) return;
    const close = last ? ({ close: { status: 'completed' } } as const) : {};
    const options = { producer: { id: 'rollup', epoch: seq, seq: 0 }, ...close };
    const append = () => log.append(name, [encoded], options);
    try {
      let appended;
      try {
        appended = await append();
      } catch (error) {
        if (!hasCode(error, 'stream-not-found')) throw error;
        await log.create(name, this.config);
        appended = await append();
      }
      await log.trim(name, appended.next - 1);
    } catch (error) {
      // Another process was faster, and got further.
      if (!hasCode(error, 'producer-fenced') && !hasCode(error, 'stream-closed')) throw error;
    }
  }

  /** Forgets all. */
  async delete(): Promise<void> {
    if (this.name !== undefined) await this.log.delete(this.name);
  }
}

/** @internal The stream that a snapshot's stream is about, and when it was created; `undefined` when the name says nothing. */
export function subjectOf(name: string): Pick<StreamInfo, 'streamId' | 'createdAt'> | undefined {
  const [, createdAt, streamId] = /^sluice\/snapshots\/[^/]+\/(\d+(?:\.\d+)?)\/(.+)$/.exec(name) ?? [];
  if (createdAt === undefined || streamId === undefined) return undefined;
  return { streamId, createdAt: Number(createdAt) };
}

function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof StreamError && error.code === code;
}
