import type { ChunkWrite, Commits } from './commits.js';
import type { Folder } from './folder.js';
import { chunkKey } from './records.js';
import type { LmdbStream } from './stream.js';
import type { Totals } from './totals.js';

/** Forgotten chunks removed in one commit. */
const sweepStep = 1000;

/** @internal Removes forgotten chunks from the disk, some with every commit, so that forgetting a million of them stops nobody. */
export class Sweeper {
  /** Streams with forgotten chunks. */
  private readonly littered = new Set<LmdbStream>();
  private sweeping = false;
  private stopped = false;

  constructor(
    private readonly folder: Folder,
    private readonly commits: Commits,
    private readonly totals: Totals,
  ) {}

  /** A stream that may have forgotten chunks. */
  add(stream: LmdbStream): void {
    if (stream.littered) this.littered.add(stream);
  }

  /** Removes what has to be removed, unless that is being done already. Resolves, too, when the disk takes nothing. */
  async sweep(): Promise<void> {
    if (this.sweeping) return;
    this.sweeping = true;
    try {
      for (const stream of this.littered) {
        while (!this.stopped && stream.littered) await this.sweepSome(stream);
        if (!this.stopped) this.littered.delete(stream);
      }
    } catch {
      // The next commit that succeeds takes it up again.
    } finally {
      this.sweeping = false;
    }
  }

  /** Begins nothing more: what is left is taken up when the folder is opened again. */
  stop(): void {
    this.stopped = true;
  }

  private async sweepSome(stream: LmdbStream): Promise<void> {
    const from = stream.planned.swept;
    const to = Math.min(stream.kept!.next, stream.sweepTo, from + sweepStep);
    const removals: ChunkWrite[] = [];
    let bytes = 0;
    for (const { length } of this.folder.read(stream.number, from, to, Infinity)) bytes += length;
    for (let seq = from; seq < to; seq++) removals.push({ key: chunkKey(stream.number, seq) });
    stream.sweep(to);
    this.totals.grow(-bytes);
    await this.commits.add(stream, removals);
  }
}
