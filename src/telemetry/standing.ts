import type { SchedulerLike } from 'rxjs';
import { readGauges, type StreamGauges, type Streams } from '../streams/index.js';
import { isReachable } from './is-reachable.js';
import type { Measures } from './measures.js';
import type { Metric } from './metric.js';
import { metrics } from './metrics.js';

/** @internal Options of {@link Standing}. */
export interface StandingOptions {
  readonly streams: Pick<Streams, 'list' | 'readers' | 'log'>;
  /** Streams that are named, those furthest behind. */
  readonly streamLabels: number;
  /** How old what was found out may get. */
  readonly refreshMs: number;
  /** How long the log may take to answer. */
  readonly timeoutMs: number;
  readonly scheduler: SchedulerLike;
}

const figures: readonly (readonly [Metric, (gauges: StreamGauges) => number])[] = [
  [metrics.streamsKept, ({ streams }) => streams],
  [metrics.streamsActive, ({ active }) => active],
  [metrics.chunksAwaited, ({ awaited }) => awaited],
  [metrics.streamsRead, ({ lags }) => lags.length],
  [metrics.lagMax, ({ lags }) => lags[0]?.lag ?? 0],
  [metrics.lagSum, ({ lags }) => lags.reduce((sum, { lag }) => sum + lag, 0)],
];

/**
 * How streams stand, for gauges. It takes the log a listing of all streams, so it is asked once in a while, and by one at a time,
 * however many want to know; a log that does not answer leaves the gauges out and says so.
 *
 * @internal
 */
export class Standing {
  private gauges: StreamGauges | undefined;
  private up = 1;
  private lookedAt = -Infinity;
  private looking: Promise<void> | undefined;

  constructor(
    private readonly options: StandingOptions,
    measures: Measures,
  ) {
    for (const [metric, figure] of figures) {
      measures.set(metric, () => (this.gauges === undefined ? [] : [{ attributes: {}, value: figure(this.gauges) }]));
    }
    measures.set(metrics.streamLag, () =>
      (this.gauges?.lags ?? []).slice(0, options.streamLabels).map(({ streamId: stream, lag: value }) => ({
        attributes: { stream },
        value,
      })),
    );
    measures.set(metrics.logUp, () => this.up);
  }

  /** Looks again where what is known is too old. Never rejects. */
  async refresh(): Promise<void> {
    const { refreshMs, scheduler } = this.options;
    if (this.looking === undefined && scheduler.now() - this.lookedAt >= refreshMs) {
      this.looking = this.look().finally(() => (this.looking = undefined));
    }
    await this.looking;
  }

  private async look(): Promise<void> {
    const { streams, timeoutMs, scheduler } = this.options;
    this.lookedAt = scheduler.now();
    let gauges: StreamGauges | undefined;
    const isUp = await isReachable(async () => void (gauges = await readGauges(streams)), timeoutMs, scheduler);
    this.up = isUp ? 1 : 0;
    this.gauges = isUp ? gauges : undefined;
  }
}
