import { describe, expect, it } from 'vitest';
import { textBodies } from '../bodies.js';
import { GatewayStage, logKinds } from './stage.js';

describe('load of a gateway', () => {
  it('is nothing without connections', () => {
    expect(new GatewayStage().gateway.load()).toEqual({
      connections: 0,
      full: 0,
      subscriptions: 0,
      credit: 0,
      withoutCredit: 0,
      pending: 0,
    });
  });

  it('counts readings that go on, their credit, and links that take no more', async () => {
    const stage = new GatewayStage();
    stage.keep('open', 'a', 'b');
    stage.keep('over', 'a');
    stage.end('over');
    const [one, two] = [stage.connect(), stage.connect()];
    one.subscribe('open', 'beginning', 10);
    one.subscribe('over', 'beginning', 10);
    two.subscribe('open', 'beginning', 1);
    await stage.settle();
    two.writable = false;
    stage.gateway.broadcast('something');
    await stage.settle();
    expect(stage.gateway.load()).toEqual({
      connections: 2,
      full: 1,
      subscriptions: 2,
      credit: 8,
      withoutCredit: 1,
      pending: 0,
    });
  });

  it('tells how full the fullest buffer of what waits to be kept is, by chunks or by bytes', async () => {
    const stage = new GatewayStage(logKinds[1], { limits: { maxPendingChunks: 10, maxPendingBytes: 10_000 } });
    const [one, two] = [stage.connect(), stage.connect()];
    const frame = { t: 'publish', stream: 's', producer: 'p', epoch: 0, seq: 0 } as const;
    one.say({ ...frame, chunks: textBodies('a', 'b', 'c', 'd') });
    expect(stage.gateway.load().pending).toBe(0.4);
    two.say({ ...frame, producer: 'q', chunks: textBodies('x'.repeat(9000)) });
    expect(stage.gateway.load().pending).toBeGreaterThan(0.9);
    await stage.settle();
    expect(stage.gateway.load().pending).toBe(0);
  });
});
