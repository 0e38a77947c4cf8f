import type { BatchObservableResult, Histogram as OtelHistogram, Meter, Observable } from '@opentelemetry/api';
import { Histogram } from '../streams/index.js';
import type { Exported } from './exporter.js';
import type { Metric } from './metric.js';

/** Bounds of distributions, in seconds; the last one, which is infinite, goes without saying. */
const bounds = new Histogram()
  .read()
  .buckets.map(({ atMost }) => atMost / 1000)
  .filter(Number.isFinite);

/**
 * Hands everything that is measured to a meter of OpenTelemetry: what is a sum or a state is read when its SDK asks, what is a
 * distribution is told as it comes.
 *
 * @internal
 * @returns hands over no more
 */
export function feedMeter(meter: Meter, exported: Omit<Exported, 'gateway'>): () => void {
  const instruments = new Map<Metric, Observable>();
  for (const metric of exported.catalogue) {
    if (metric.kind !== 'histogram') instruments.set(metric, observable(meter, metric));
  }
  const tell = async (result: BatchObservableResult): Promise<void> => {
    for (const family of await exported.read()) {
      if (!('series' in family)) continue;
      const instrument = instruments.get(family.metric)!;
      for (const { value, attributes } of family.series) result.observe(instrument, value, attributes);
    }
  };
  const observed = [...instruments.values()];
  meter.addBatchObservableCallback(tell, observed);
  const stop = feedHistograms(meter, exported);
  return () => {
    meter.removeBatchObservableCallback(tell, observed);
    stop();
  };
}

function observable(meter: Meter, { name, kind, unit, description }: Metric): Observable {
  return kind === 'counter'
    ? meter.createObservableCounter(name, { unit, description })
    : meter.createObservableGauge(name, { unit, description });
}

function feedHistograms(meter: Meter, { catalogue, onRecord }: Pick<Exported, 'catalogue' | 'onRecord'>): () => void {
  const advice = { explicitBucketBoundaries: bounds };
  const histograms = new Map<Metric, OtelHistogram>();
  for (const metric of catalogue) {
    const { name, kind, unit, description } = metric;
    if (kind === 'histogram') histograms.set(metric, meter.createHistogram(name, { unit, description, advice }));
  }
  return onRecord((metric, milliseconds) => histograms.get(metric)!.record(milliseconds / 1000));
}
