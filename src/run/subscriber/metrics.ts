import { type Distribution, Histogram } from '../../streams/index.js';
import { finalEvents, type RunEvent } from '../event.js';
import {
  createReliability,
  type Reliability,
  type ReliabilityFigures,
  type ReliabilityOptions,
} from '../reliability.js';
import type { Subscriber } from './subscriber.js';

/** What a {@link MetricsSubscriber} has counted. */
export interface RunMetrics {
  /** Events by their types; kinds beyond the first 100 as `other`. */
  readonly events: Readonly<Record<string, number>>;
  readonly figures: ReliabilityFigures;
  /** How long attempts of steps took, in milliseconds. */
  readonly attemptMs: Distribution;
  /** How long runs took, in milliseconds. */
  readonly runMs: Distribution;
}

/** Counts events. */
export interface MetricsSubscriber extends Subscriber {
  /** The reliability of the runs it has heard of, with alerts. */
  readonly reliability: Reliability;
  /** What it has counted. */
  read(): RunMetrics;
}

const maxTypes = 100;

/**
 * A subscriber that counts: events, how long things take, and how reliable runs are.
 *
 * @example
 * const metrics = metricsSubscriber();
 * subscribers.attach(metrics);
 * metrics.read().figures.successRate;
 */
export function metricsSubscriber(options: ReliabilityOptions = {}): MetricsSubscriber {
  const reliability = createReliability(options);
  const counts = new Map<string, number>();
  const attempts = new Histogram();
  const runs = new Histogram();
  const count = (event: RunEvent): void => {
    const { event_type: type } = event;
    const known = counts.has(type) || counts.size < maxTypes ? type : 'other';
    counts.set(known, (counts.get(known) ?? 0) + 1);
    const { duration_ms: ms } = event.data as { readonly duration_ms?: number };
    if (finalEvents.has(type)) runs.add(ms!);
    else if (type === 'step_complete' || type === 'step_error') attempts.add(ms!);
    reliability.next(event);
  };
  return {
    reliability,
    take: (events) => events.forEach(count),
    read: () => ({
      events: Object.fromEntries(counts),
      figures: reliability.figures(),
      attemptMs: attempts.read(),
      runMs: runs.read(),
    }),
  };
}
