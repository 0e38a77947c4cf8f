import { describe, expect, it } from 'vitest';
import type { GatewayEvent } from '../../src/gateway/index.js';
import { GatewayStage } from './stage.js';

/** A stage, and what its gateway tells. */
function listened(stage = new GatewayStage()) {
  const events: GatewayEvent[] = [];
  let isComplete = false;
  stage.gateway.events.subscribe({ next: (event) => events.push(event), complete: () => (isComplete = true) });
  return { stage, events, types: () => events.map(({ type }) => type), isComplete: () => isComplete };
}

describe('events of a gateway', () => {
  it('tell of connections that come, are refused and go', async () => {
    const { stage, events } = listened(new GatewayStage(undefined, { maxConnections: 1 }));
    const link = stage.connect({ transport: 'websocket' });
    stage.connect({ transport: 'sse' });
    await stage.settle();
    link.events.closed(1000, 'bye');
    expect(events).toEqual([
      { type: 'gateway.opened', session: 'session 0', transport: 'websocket' },
      { type: 'gateway.refused', transport: 'sse', why: 'limit-reached' },
      { type: 'gateway.closed', session: 'session 0', transport: 'websocket', why: 'normal', reason: 'bye' },
    ]);
  });

  it('tell what was delivered, and whether somebody waited for it', async () => {
    const { stage, events } = listened();
    stage.keep('s', 'a', 'b');
    const link = stage.connect();
    link.subscribe('s', 'beginning', 10);
    await stage.settle();
    stage.keep('s', 'c');
    await stage.settle();
    const delivered = events.filter((event) => event.type === 'gateway.delivered');
    expect(delivered.map(({ streamId, frame, bytes, live }) => [streamId, frame.seq, bytes, live])).toEqual([
      ['s', 0, 2, false],
      ['s', 2, 1, true],
    ]);
  });

  it('tell of chunks that are gone, chunks sent again and requests refused', async () => {
    const { stage, events, types } = listened();
    stage.keep('s', 'a', 'b', 'c');
    stage.kept.trim('s', 1);
    const link = stage.connect();
    link.subscribe('s', 0, 10);
    await stage.settle();
    expect(events).toContainEqual({ type: 'gateway.missing', streamId: 's', from: 0, to: 1 });
    link.say({ t: 'nack', ch: 0, ranges: [[1, 3]] });
    link.subscribe('nothing', 'beginning', 1);
    await stage.settle();
    expect(types().filter((type) => type === 'gateway.delivered')).toHaveLength(1);
    expect(events).toContainEqual({ type: 'gateway.resent', streamId: 's', chunks: 2 });
    expect(events.at(-1)).toMatchObject({
      type: 'gateway.error',
      session: 'session 0',
      code: 'stream-not-found',
      streamId: 'nothing',
    });
    link.say({ t: 'nack', ch: 0, ranges: [[0, 1]] });
    await stage.settle();
    expect(events.at(-1)).toEqual({ type: 'gateway.missing', streamId: 's', from: 0, to: 1 });
  });

  it('complete when the gateway is closed and the last connection has ended', () => {
    const { stage, isComplete, types } = listened();
    const link = stage.connect();
    stage.gateway.close();
    expect(isComplete()).toBe(false);
    link.events.closed(1001, '');
    expect([isComplete(), types()]).toEqual([true, ['gateway.opened', 'gateway.closed']]);
    const empty = listened();
    empty.stage.gateway.close();
    expect(empty.isComplete()).toBe(true);
  });
});
