import { describe, expect, it } from 'vitest';
import { Measures } from '../../src/telemetry/measures.js';
import type { Metric } from '../../src/telemetry/metric.js';

const metric = (kind: Metric['kind'], ...attributes: string[]): Metric => ({
  name: `test.${kind}`,
  kind,
  unit: kind === 'histogram' ? 's' : '{thing}',
  description: 'A test.',
  attributes,
});

describe('Measures', () => {
  it('adds up, and begins with 0 where nothing is told apart', () => {
    const counter = metric('counter');
    const measures = new Measures([counter]);
    expect(measures.read()).toEqual([{ metric: counter, series: [{ attributes: {}, value: 0 }] }]);
    measures.add(counter, 2);
    measures.add(counter, 3);
    expect(measures.read()).toEqual([{ metric: counter, series: [{ attributes: {}, value: 5 }] }]);
  });

  it('tells values apart by one attribute or two', () => {
    const [one, two] = [metric('counter', 'code'), metric('counter', 'status', 'reason')];
    const measures = new Measures([one, two]);
    measures.add(one, 1, 'a');
    measures.add(one, 1, 'b');
    measures.add(one, 1, 'a');
    measures.add(two, 1, 'failed', 'stale');
    measures.add(two, 1, 'failed');
    expect(measures.read().map((family) => 'series' in family && family.series)).toEqual([
      [
        { attributes: { code: 'a' }, value: 2 },
        { attributes: { code: 'b' }, value: 1 },
      ],
      [
        { attributes: { status: 'failed', reason: 'stale' }, value: 1 },
        { attributes: { status: 'failed', reason: '' }, value: 1 },
      ],
    ]);
  });

  it('holds so many values and no more, whatever comes', () => {
    const counter = metric('counter', 'word');
    const measures = new Measures([counter], 3);
    for (let i = 0; i < 1000; i++) measures.add(counter, 1, `word ${i}`);
    measures.add(counter, 1, 'word 0');
    expect(measures.read()).toEqual([
      {
        metric: counter,
        series: [
          { attributes: { word: 'word 0' }, value: 2 },
          { attributes: { word: 'word 1' }, value: 1 },
          { attributes: { word: 'word 2' }, value: 1 },
          { attributes: { word: 'other' }, value: 997 },
        ],
      },
    ]);
    expect(() => new Measures([], 0)).toThrow('maxSeries');
  });

  it('reads gauges when it is asked, and looks first', () => {
    const [gauge, unread] = [metric('gauge'), metric('gauge')];
    const measures = new Measures([gauge, unread]);
    let now = 1;
    let seen = 0;
    measures.beforeRead(() => (seen = now));
    measures.set(gauge, () => seen);
    now = 7;
    expect(measures.read()).toEqual([
      { metric: gauge, series: [{ attributes: {}, value: 7 }] },
      { metric: unread, series: [] },
    ]);
  });

  it('keeps distributions, and tells of each value as long as somebody listens', () => {
    const histogram = metric('histogram');
    const measures = new Measures([histogram]);
    const heard: number[] = [];
    const stop = measures.onRecord((_, value) => heard.push(value));
    measures.record(histogram, 3);
    stop();
    measures.record(histogram, 4);
    expect(heard).toEqual([3]);
    expect(measures.read()).toEqual([
      { metric: histogram, distribution: expect.objectContaining({ count: 2, sum: 7, max: 4 }) as unknown },
    ]);
  });
});
