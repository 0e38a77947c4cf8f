import { createHash } from 'node:crypto';
import type { Chunk } from 'sluice/chunk';
import type { Probe } from 'sluice/probe';

/** What one reader has seen: compared with the source in the end. */
export class Tally {
  chunks = 0;
  lost = 0;
  repaired = 0;
  duplicates = 0;
  resumed = 0;
  private readonly hash = createHash('sha256');
  private digest: string | undefined;

  constructor(readonly name: string) {}

  /** Counts a chunk that the reader was given. */
  take({ seq, data }: Chunk): void {
    // Anything but the next number is a loss, a repetition or a wrong order: none may happen.
    this.lost += Math.abs(seq - this.chunks);
    this.chunks = seq + 1;
    this.hash.update(data as string);
  }

  /** Counts what was put right on the way. */
  readonly probe: Probe = (event) => {
    if (event.type === 'repaired') this.repaired++;
    if (event.type === 'duplicate' || event.type === 'late') this.duplicates++;
  };

  get sha256(): string {
    return (this.digest ??= this.hash.digest('hex'));
  }
}
