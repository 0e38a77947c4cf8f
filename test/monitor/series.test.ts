import { describe, expect, it } from 'vitest';
import { Series } from '../../src/monitor/series.js';
import { figures } from './figures.js';

describe('Series', () => {
  it('makes rates of counts', () => {
    const series = new Series();
    series.add(1000, figures({ sent: 100, bytes: 1000 }), false);
    series.add(3000, figures({ sent: 300, bytes: 5000 }), true);
    const rates = series.points.map(({ at, chunksPerSecond, bytesPerSecond }) => [at, chunksPerSecond, bytesPerSecond]);
    expect(rates).toEqual([
      [1, null, null],
      [3, 100, 2000],
    ]);
  });

  it('begins anew with another life of the server', () => {
    const series = new Series();
    series.add(1000, figures({ sent: 100 }), true);
    series.add(2000, figures({ sent: 5 }), false);
    series.add(3000, figures({ sent: 9 }), true);
    expect(series.points.map(({ chunksPerSecond }) => chunksPerSecond)).toEqual([null, null, 4]);
  });

  it('shows a hole while the server is away, once', () => {
    const series = new Series();
    series.gap(0);
    expect(series.points).toEqual([]);
    series.add(1000, figures({ sent: 1 }), true);
    series.add(2000, figures({ sent: 2 }), true);
    series.gap(3000);
    series.gap(4000);
    series.add(5000, figures({ sent: 9 }), true);
    expect(series.points.map(({ chunksPerSecond }) => chunksPerSecond)).toEqual([null, 1, null, null]);
    expect(series.points[2]).toMatchObject({ at: 3, keptP50: null, keptP99: null, rss: 100 });
  });

  it('remembers five minutes', () => {
    const series = new Series();
    for (let i = 0; i < 400; i++) series.add(i * 1000, figures(), true);
    expect([series.points.length, series.points[0]!.at]).toEqual([300, 100]);
  });
});
