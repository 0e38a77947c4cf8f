import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { feedMeter } from '../../src/telemetry/feed-meter.js';
import { Measures } from '../../src/telemetry/measures.js';
import type { Metric } from '../../src/telemetry/metric.js';

const counter: Metric = {
  name: 'test.things',
  kind: 'counter',
  unit: '{thing}',
  description: 'Things.',
  attributes: ['code'],
};
const gauge: Metric = { name: 'test.size', kind: 'gauge', unit: 'By', description: 'Size.' };
const histogram: Metric = { name: 'test.duration', kind: 'histogram', unit: 's', description: 'How long.' };

/** OpenTelemetry's own SDK, fed with measures. */
function stage() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 });
  const provider = new MeterProvider({ readers: [reader] });
  const catalogue = [counter, gauge, histogram];
  const measures = new Measures(catalogue);
  const stop = feedMeter(provider.getMeter('test'), {
    catalogue,
    read: async () => measures.read(),
    onRecord: (listener) => measures.onRecord(listener),
  });
  const seen = async () => {
    exporter.reset();
    await reader.forceFlush();
    return exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
  };
  return { measures, stop, seen, end: () => provider.shutdown() };
}

describe('feedMeter', () => {
  it('hands everything to OpenTelemetry, in its units', async () => {
    const { measures, seen, end } = stage();
    measures.add(counter, 2, 'a');
    measures.add(counter, 3, 'b');
    measures.set(gauge, () => 42);
    measures.record(histogram, 30);
    measures.record(histogram, 4000);
    const [things, size, duration] = await seen();
    expect(things).toMatchObject({
      descriptor: { name: 'test.things', unit: '{thing}', description: 'Things.' },
      dataPointType: DataPointType.SUM,
      isMonotonic: true,
      dataPoints: [
        { attributes: { code: 'a' }, value: 2 },
        { attributes: { code: 'b' }, value: 3 },
      ],
    });
    expect(size).toMatchObject({ dataPointType: DataPointType.GAUGE, dataPoints: [{ attributes: {}, value: 42 }] });
    expect(duration).toMatchObject({
      descriptor: { name: 'test.duration', unit: 's' },
      dataPoints: [{ value: { count: 2, sum: 4.03 } }],
    });
    const { buckets } = duration!.dataPoints[0]!.value as { buckets: { boundaries: number[]; counts: number[] } };
    expect(buckets.boundaries).toEqual([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60]);
    expect(buckets.counts[buckets.boundaries.indexOf(0.05)]).toBe(1);
    await end();
  });

  it('hands over no more when it is stopped', async () => {
    const { measures, seen, stop, end } = stage();
    measures.add(counter, 1, 'a');
    measures.record(histogram, 1);
    stop();
    measures.record(histogram, 1);
    const points = (await seen()).flatMap(({ dataPoints }) => dataPoints.map(({ value }) => value));
    expect(points).toEqual([expect.objectContaining({ count: 1 })]);
    await end();
  });
});
