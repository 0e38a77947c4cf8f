import { describe, expect, it } from 'vitest';
import { Measures } from '../../src/telemetry/measures.js';
import { metrics } from '../../src/telemetry/metrics.js';
import { observeProcess } from '../../src/telemetry/observe-process.js';
import { valueOf } from './stage.js';

describe('observeProcess', () => {
  it('tells what memory and time the process takes', () => {
    const { memory, heapUsed, cpu, eventLoopDelay, uptime } = metrics;
    const measures = new Measures([memory, heapUsed, cpu, eventLoopDelay, uptime]);
    const stop = observeProcess(measures);
    const [rss, heap, times, delay, lived] = measures.read().map(valueOf);
    expect(heap).toBeGreaterThan(1 << 20);
    expect(rss).toBeGreaterThan(heap as number);
    expect(times).toEqual({ user: expect.any(Number) as number, system: expect.any(Number) as number });
    expect((times as Record<string, number>)['user']).toBeGreaterThan(0);
    expect(delay).toBeGreaterThanOrEqual(0);
    expect(lived).toBeGreaterThan(0);
    stop();
  });
});
