import { describe, expect, it } from 'vitest';
import { GatewayStage, logKinds } from './stage.js';

describe.each(logKinds)('Feeds of a %s', (kind) => {
  it('refuses to read a stream that is not there', async () => {
    const stage = new GatewayStage(kind);
    const link = stage.connect();
    link.subscribe('nobody');
    await stage.settle();
    expect(link.words()).toEqual(['error code=stream-not-found message=there is no stream "nobody" stream=nobody']);
  });

  it('forgets a stream it looked for on a connection that has gone meanwhile', async () => {
    const stage = new GatewayStage(kind);
    stage.keep('s', 'a');
    const link = stage.connect();
    link.subscribe('s');
    link.events.closed(1006, 'lost');
    await stage.settle();
    expect(link.all('subscribed')).toEqual([]);
    expect(stage.late?.watchers ?? 0).toBe(0);
  });
});
