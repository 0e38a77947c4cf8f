import { describe, expect, it } from 'vitest';
import { GatewayStage, logKinds } from './stage.js';

describe.each(logKinds)('Connection that reads of a %s', (kind) => {
  it('shows where it reads, until it has gone', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s', 'a', 'b');
    const [peer, gaps] = [
      { transport: 'test', address: '10.0.0.1' },
      { holes: 0, asked: 0, resent: 0, lost: 0 },
    ];
    const link = stage.connect(peer);
    stage.connect();
    link.subscribe('s', 1);
    await stage.settle();
    expect(stage.gateway.connections()).toEqual([
      { session: 'session 0', peer, reading: [{ streamId: 's', next: 2, credit: 999, gaps }] },
      { session: 'session 1', peer: { transport: 'test' }, reading: [] },
    ]);
    link.events.closed(1000, '');
    expect(stage.gateway.connections().map(({ session }) => session)).toEqual(['session 1']);
  });
});
