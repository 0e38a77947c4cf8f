import { describe, expect, it } from 'vitest';
import { metrics } from '../../src/telemetry/index.js';
import { textBodies } from '../bodies.js';
import { TelemetryStage } from './stage.js';

describe('what is counted of a gateway', () => {
  it('moves when connections come, are refused and go', async () => {
    const trial = new TelemetryStage({}, {}, { maxConnections: 2 });
    const { stage } = trial;
    const [one] = [stage.connect({ transport: 'websocket' }), stage.connect({ transport: 'sse' })];
    stage.connect({ transport: 'sse' });
    expect(await trial.value(metrics.connections)).toBe(2);
    one.events.closed(1000, '');
    expect(await trial.value(metrics.connections)).toBe(1);
    expect(await trial.value(metrics.connectionsOpened)).toEqual({ websocket: 1, sse: 1 });
    expect(await trial.value(metrics.connectionsRefused)).toEqual({ 'limit-reached': 1 });
    expect(await trial.value(metrics.connectionsClosed)).toEqual({ normal: 1 });
  });

  it('moves when a slow reader is cut off', async () => {
    const trial = new TelemetryStage();
    const { stage } = trial;
    const link = stage.connect();
    link.writable = false;
    await stage.settle();
    for (let i = 0; i < 2000; i++) link.say({ t: 'ping', grants: [] });
    await stage.settle();
    expect(link.end).toContain('4410');
    link.events.closed(4410, 'the answers are not read');
    expect(await trial.value(metrics.connectionsClosed)).toEqual({ backlog: 1 });
  });

  it('moves when chunks are delivered, asked for again and gone', async () => {
    const trial = new TelemetryStage();
    const { stage, clock } = trial;
    stage.keep('s', 'a', 'bc', 'd');
    stage.kept.trim('s', 1);
    const link = stage.connect();
    link.subscribe('s', 0, 10);
    await stage.settle();
    expect(await trial.value(metrics.deliveredChunks)).toBe(2);
    expect(await trial.value(metrics.deliveredIo)).toBe(3);
    expect(await trial.value(metrics.missingChunks)).toBe(1);
    expect(await trial.value(metrics.deliveryAge)).toBe(0);
    link.say({ t: 'nack', ch: 0, ranges: [[1, 3]] });
    await stage.settle();
    expect(await trial.value(metrics.resentChunks)).toBe(2);
    clock.frame = 40;
    await stage.streams.publish('s', [{ ...textBodies('e')[0]!, timestamp: 10 }]);
    await stage.settle();
    expect(await trial.value(metrics.deliveryAge)).toBe(1);
    const ages = (await trial.telemetry.read()).find(({ metric }) => metric === metrics.deliveryAge);
    expect(ages).toMatchObject({ distribution: { sum: 30 } });
  });

  it('reads the age of a frame once for all who get it', async () => {
    const trial = new TelemetryStage();
    const { stage } = trial;
    stage.keep('s');
    for (let i = 0; i < 3; i++) stage.connect().subscribe('s', 'now', 10);
    await stage.settle();
    stage.keep('s', 'a');
    await stage.settle();
    expect(await trial.value(metrics.deliveryAge)).toBe(3);
  });

  it('moves when a request is refused', async () => {
    const trial = new TelemetryStage();
    const link = trial.stage.connect();
    link.subscribe('nothing', 'beginning', 1);
    await trial.stage.settle();
    expect(await trial.value(metrics.requestsRefused)).toEqual({ 'stream-not-found': 1 });
  });

  it('tells how much there is to do', async () => {
    const trial = new TelemetryStage();
    const { stage } = trial;
    stage.keep('s', 'a', 'b');
    const [one, two] = [stage.connect(), stage.connect()];
    one.subscribe('s', 'beginning', 10);
    two.subscribe('s', 'beginning', 1);
    await stage.settle();
    two.writable = false;
    stage.gateway.broadcast('something');
    await stage.settle();
    expect(await trial.value(metrics.subscriptions)).toBe(2);
    expect(await trial.value(metrics.credit)).toBe(8);
    expect(await trial.value(metrics.readersWithoutCredit)).toBe(1);
    expect(await trial.value(metrics.connectionsFull)).toBe(1);
    expect(await trial.value(metrics.pendingUtilization)).toBe(0);
  });
});
