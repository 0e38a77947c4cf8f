import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { Family } from '../../src/telemetry/measures.js';
import { Measures } from '../../src/telemetry/measures.js';
import type { Metric } from '../../src/telemetry/metric.js';
import { prometheusType, writePrometheus } from '../../src/telemetry/prometheus.js';

const counter: Metric = {
  name: 'test.things',
  kind: 'counter',
  unit: '{thing}',
  description: 'Things: a \\ and a\nline.',
  attributes: ['error.type', 'reason'],
};
const gauge: Metric = { name: 'test.size', kind: 'gauge', unit: 'By', description: 'Size.' };
const histogram: Metric = { name: 'test.duration', kind: 'histogram', unit: 's', description: 'How long.' };

/** What the library that most servers use writes of the same values. */
async function oracle(families: readonly Family[]): Promise<{ text: string; type: string }> {
  const registry = new Registry();
  const registers = [registry];
  const things = new Counter({
    name: 'test_things_total',
    help: counter.description,
    labelNames: ['error_type', 'reason'],
    registers,
  });
  const size = new Gauge({ name: 'test_size_bytes', help: gauge.description, registers });
  const buckets = families
    .flatMap((family) => ('distribution' in family ? family.distribution.buckets : []))
    .map(({ atMost }) => atMost / 1000)
    .filter(Number.isFinite);
  const duration = new Histogram({ name: 'test_duration_seconds', help: histogram.description, buckets, registers });
  for (const family of families) {
    if (!('series' in family)) continue;
    for (const { attributes, value } of family.series) {
      if (family.metric === gauge) size.set(value);
      else things.inc({ error_type: attributes['error.type']!, reason: attributes['reason']! }, value);
    }
  }
  for (const ms of values) duration.observe(ms / 1000);
  return { text: await registry.metrics(), type: registry.contentType };
}

const values = [0.5, 1, 3, 250, 100_000];

/** The lines that say something, in any order within a family. */
const lines = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .toSorted();

describe('writePrometheus', () => {
  it('writes what prom-client writes of the same values, character by character', async () => {
    const measures = new Measures([counter, gauge, histogram]);
    measures.add(counter, 3, 'log-full', 'a "quoted" \\ word');
    measures.add(counter, 1, 'gap', 'zero');
    measures.add(counter, 2.5, 'ümlaut', '水');
    measures.set(gauge, () => 1.5e21);
    for (const ms of values) measures.record(histogram, ms);
    const { text, type } = await oracle(measures.read());
    expect(lines(writePrometheus(measures.read()))).toEqual(lines(text));
    expect(
      type
        .split(';')
        .map((part) => part.trim())
        .toSorted(),
    ).toEqual(
      prometheusType
        .split(';')
        .map((part) => part.trim())
        .toSorted(),
    );
  });

  it('writes numbers that are no numbers as Prometheus does', () => {
    for (const [value, written] of [
      [Infinity, '+Inf'],
      [-Infinity, '-Inf'],
      [NaN, 'NaN'],
    ] as const) {
      expect(writePrometheus([{ metric: gauge, series: [{ attributes: {}, value }] }])).toContain(
        `test_size_bytes ${written}\n`,
      );
    }
  });

  it('says what a family is, also where it has no value', () => {
    expect(writePrometheus([{ metric: gauge, series: [] }])).toBe(
      '# HELP test_size_bytes Size.\n# TYPE test_size_bytes gauge\n',
    );
  });
});
