import { Ring } from '../../operators/ring.js';
import type { Flow, Lane } from '../flow/index.js';
import type { Readers } from './readers.js';

/**
 * Counts in a flow what was published to a stream and has not been read by its slowest reader: the lane through which readers
 * stop a producer. Without a reader nothing is waited for.
 *
 * @internal
 */
export class Unread {
  private readonly lane: Lane;
  /** Runs of chunks that are kept and not yet read. */
  private readonly runs = new Ring<{ from: number; readonly to: number }>(Infinity);
  private readonly stop: () => void;

  constructor(
    flow: Flow,
    window: number,
    private readonly streamId: string,
    private readonly readers: Readers | undefined,
  ) {
    this.lane = flow.lane({ name: 'publishTo', window });
    this.stop = readers?.watch(streamId, () => this.settle()) ?? (() => {});
  }

  /** One more is to be published. @throws BackpressureBrokenError beyond the window and its tolerance */
  hold(): void {
    this.lane.hold();
  }

  /** So many are kept, the last of them below `next`. */
  kept(count: number, next: number): void {
    if (count > 0) this.runs.push({ from: next - count, to: next });
    this.settle();
  }

  private settle(): void {
    const slowest = this.readers?.slowest(this.streamId) ?? Infinity;
    for (let run = this.runs.at(0); run !== undefined && slowest > run.from; run = this.runs.at(0)) {
      const from = Math.min(slowest, run.to);
      const read = from - run.from;
      run.from = from;
      if (from === run.to) this.runs.shift();
      this.lane.release(read);
    }
  }

  close(): void {
    this.stop();
    this.runs.clear();
    this.lane.close();
  }
}
