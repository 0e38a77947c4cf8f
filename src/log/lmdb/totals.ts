import type { Database } from 'lmdb';
import { type EncodedChunk, StreamError } from '../../chunk/index.js';
import { kinds, stateKey } from './records.js';

/** @internal What is written of a log as a whole. Never changed, only replaced. */
export interface SavedTotals {
  /** Number of the next stream. */
  readonly nextStream: number;
  /** Encoded bytes on disk, those that are forgotten but not yet removed included. */
  readonly bytes: number;
}

/**
 * @internal A log on disk as a whole, thrice, as each of its streams: as the calls so far have left it, as the commit under way
 * will leave it, and as it is on disk.
 */
export class Totals {
  private planned: SavedTotals = { nextStream: 1, bytes: 0 };
  private saving = this.planned;
  private kept = this.planned;

  constructor(private readonly maxBytes: number) {}

  /** A number that no other stream of the folder ever has. */
  numberStream(): number {
    const { nextStream, bytes } = this.planned;
    this.planned = { nextStream: nextStream + 1, bytes };
    return nextStream;
  }

  /** How many bytes these chunks take. Throws when there is no room for them. */
  checkRoom(streamId: string, chunks: readonly EncodedChunk[]): number {
    const { maxBytes } = this;
    let growth = 0;
    for (const { length } of chunks) {
      growth += length;
      if (length <= maxBytes) continue;
      const message = `the log keeps ${maxBytes} bytes: a chunk of the batch takes ${length}`;
      throw new StreamError('chunk-too-large', message, { streamId });
    }
    const { bytes } = this.planned;
    if (growth > 0 && bytes + growth > maxBytes) {
      const message = `the log keeps ${bytes} of ${maxBytes} bytes: there is no room for ${growth} more`;
      throw new StreamError('log-full', message, { streamId });
    }
    return growth;
  }

  /** So many more bytes are planned to be on disk, or fewer. */
  grow(by: number): void {
    const { nextStream, bytes } = this.planned;
    this.planned = { nextStream, bytes: bytes + by };
  }

  /** Writes what is planned, within a commit. */
  save(states: Database<unknown, Buffer>): void {
    this.saving = this.planned;
    void states.put(stateKey(0, kinds.totals), this.planned);
  }

  /** What was saved is on disk. */
  commit(): void {
    this.kept = this.saving;
  }

  /** Nothing since the last commit came to be. Numbers that were given are not given again. */
  revert(): void {
    this.planned = { ...this.kept, nextStream: this.planned.nextStream };
    this.saving = this.kept;
  }

  /** Takes over what was read from disk. */
  load(saved: SavedTotals): void {
    this.planned = this.saving = this.kept = saved;
  }
}
