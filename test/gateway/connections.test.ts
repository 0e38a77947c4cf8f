import { describe, expect, it } from 'vitest';
import { GatewayStage } from './stage.js';

const pushes = (link: ReturnType<GatewayStage['connect']>) => link.all('push').map(({ data }) => data);

describe('connections of a gateway', () => {
  it('can be told something, one or all or some', async () => {
    const stage = new GatewayStage();
    const [a, b] = [stage.connect({ transport: 'a' }), stage.connect({ transport: 'b' })];
    await stage.settle();
    expect(stage.gateway.send('session 1', { left: 7 })).toBe(true);
    expect(stage.gateway.broadcast('all')).toBe(2);
    expect(stage.gateway.broadcast('some', ({ peer }) => peer.transport === 'a')).toBe(1);
    await stage.settle();
    expect([pushes(a), pushes(b)]).toEqual([
      ['all', 'some'],
      [{ left: 7 }, 'all'],
    ]);
  });

  it('hear nothing while they take no more, nor when they are gone', async () => {
    const stage = new GatewayStage();
    const [stopped, gone] = [stage.connect(), stage.connect()];
    stopped.writable = false;
    await stage.settle();
    gone.events.closed(1000, '');
    expect(stage.gateway.broadcast('hello')).toBe(0);
    expect(['session 0', 'session 1', 'nobody'].map((session) => stage.gateway.send(session, 1))).toEqual([
      false,
      false,
      false,
    ]);
    stopped.writable = true;
    stopped.events.drained();
    expect(stage.gateway.send('session 0', 'now')).toBe(true);
  });

  it('are told no more than a frame holds, and nothing but JSON', () => {
    const stage = new GatewayStage(undefined, { limits: { maxFrame: 1024 } });
    stage.connect();
    expect(() => stage.gateway.send('session 0', 'x'.repeat(1024))).toThrow(
      expect.objectContaining({ code: 'frame-too-large' }) as Error,
    );
    expect(() => stage.gateway.broadcast(NaN)).toThrow('data must be JSON but');
  });

  it('can be ended one by one, in a way that has the client come back', async () => {
    const stage = new GatewayStage();
    const [a, b] = [stage.connect(), stage.connect()];
    await stage.settle();
    expect([stage.gateway.disconnect('session 0', 'moved'), stage.gateway.disconnect('nobody')]).toEqual([true, false]);
    expect([a.end, b.end]).toEqual(['1001 moved', undefined]);
    expect(stage.gateway.disconnect('session 1')).toBe(true);
  });
});
