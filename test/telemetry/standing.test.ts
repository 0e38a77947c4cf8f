import { describe, expect, it } from 'vitest';
import { metrics } from '../../src/telemetry/index.js';
import { createReaper } from '../../src/streams/index.js';
import { TelemetryStage } from './stage.js';

describe('how streams stand', () => {
  it('is how many there are, how many go on, and how far readers are behind', async () => {
    const trial = new TelemetryStage();
    const { stage } = trial;
    for (const name of ['a', 'b', 'c']) stage.keep(name, '1', '2', '3');
    stage.end('c');
    const link = stage.connect();
    link.subscribe('a', 'beginning', 1);
    link.subscribe('b', 'beginning', 2);
    await stage.settle();
    expect(await trial.value(metrics.streamsKept)).toBe(3);
    expect(await trial.value(metrics.streamsActive)).toBe(2);
    expect(await trial.value(metrics.streamsRead)).toBe(2);
    expect(await trial.value(metrics.lagMax)).toBe(2);
    expect(await trial.value(metrics.lagSum)).toBe(3);
    expect(await trial.value(metrics.chunksAwaited)).toBe(0);
    expect(await trial.value(metrics.logUp)).toBe(1);
    expect(await trial.value(metrics.streamLag)).toEqual({});
  });

  it('counts no lag where nobody reads, and chunks that were announced', async () => {
    const trial = new TelemetryStage();
    void trial.stage.log.create('s', { expectedChunks: 5 });
    expect(await trial.value(metrics.lagMax)).toBe(0);
    expect(await trial.value(metrics.chunksAwaited)).toBe(5);
  });

  it('names the streams furthest behind, as many as asked for', async () => {
    const trial = new TelemetryStage({ streamLabels: 1 });
    const { stage } = trial;
    for (const name of ['a', 'b']) stage.keep(name, '1', '2', '3');
    const link = stage.connect();
    link.subscribe('a', 'beginning', 2);
    link.subscribe('b', 'beginning', 1);
    await stage.settle();
    expect(await trial.value(metrics.streamLag)).toEqual({ b: 2 });
  });

  it('is asked of the log once in a while, and by one at a time', async () => {
    const trial = new TelemetryStage({ refreshMs: 5000 });
    const { log } = trial.stage;
    let asked = 0;
    const { list } = log;
    log.list = (prefix) => {
      asked++;
      return list.call(log, prefix);
    };
    const look = () => Promise.all([trial.telemetry.read(), trial.telemetry.read()]);
    await look();
    await look();
    expect(asked).toBe(1);
    trial.clock.frame = 5000;
    await look();
    expect(asked).toBe(2);
  });

  it('says that the log does not answer, and leaves out what it would have said', async () => {
    const trial = new TelemetryStage({ timeoutMs: 100 });
    const { log } = trial.stage;
    const { list } = log;
    log.list = () => Promise.reject(new Error('gone'));
    expect(await trial.value(metrics.logUp)).toBe(0);
    expect(await trial.value(metrics.streamsKept)).toBeUndefined();
    log.list = () => new Promise(() => {});
    const late = trial.value(metrics.logUp);
    trial.clock.flush();
    expect(await late).toBe(0);
    log.list = list;
    expect(await trial.value(metrics.logUp)).toBe(1);
    expect(await trial.value(metrics.streamsKept)).toBe(0);
  });

  it('tells how many leases are held', async () => {
    const without = new TelemetryStage();
    expect(await without.value(metrics.leasesHeld)).toBeUndefined();
    const reaper = createReaper(without.stage.streams, { scheduler: without.clock });
    const trial = new TelemetryStage({}, { reaper });
    expect(await trial.value(metrics.leasesHeld)).toBe(0);
    reaper.dispose();
  });
});
