import { describe, expect, it } from 'vitest';
import { Hub } from '../../../src/client/tabs/hub.js';
import { type LeaderMessage, type LinkMessage, listen, say } from '../../../src/client/tabs/messages.js';
import type { ClientFrame, ServerFrame } from '../../../src/protocol/index.js';
import { ClientStage } from '../stage.js';
import { FakeBrowser } from './browser.js';

/** A hub with one link, at whose other end we are. */
async function made() {
  const stage = new ClientStage();
  const { time } = stage;
  const { BroadcastChannel: Channel } = new FakeBrowser((work) => void time.schedule(work)).tab();
  const hub = new Hub(stage.client, Channel, time);
  const channel = new Channel('link');
  const heard: (ServerFrame | { readonly closed: unknown })[] = [];
  listen<LeaderMessage>(channel, (message) => void heard.push(...('frames' in message ? message.frames : [message])));
  hub.accept('link');
  hub.accept('link');
  await time.pass(10);
  const ask = async (...frames: readonly ClientFrame<never>[]) => {
    say<LinkMessage>(channel, { frames });
    await time.pass(50);
    return heard.splice(0);
  };
  return { stage, hub, channel, heard, ask };
}
const credit = { chunks: 100, bytes: 1 << 20 };

describe('Hub', () => {
  it('welcomes a link once, however often it knocks', async () => {
    const { heard } = await made();
    expect(heard).toMatchObject([{ t: 'welcome', protocol: 'sluice.v1', pingMs: 30_000 }]);
  });

  it('answers as a server does', async () => {
    const { stage, heard, ask } = await made();
    heard.splice(0);
    stage.keep('s', 'a', 'b', 'c');
    const asked = await ask({ t: 'subscribe', stream: 's', from: 0, chunks: 1, bytes: 99 });
    expect(asked).toMatchObject([
      { t: 'subscribed', ch: 0, seq: 0 },
      { t: 'data', ch: 0, seq: 0 },
    ]);
    expect(await ask({ t: 'credit', ch: 0, chunks: 2, bytes: 99 })).toMatchObject([{ t: 'data', seq: 1 }]);
    expect(await ask({ t: 'ping', grants: [[0, 3, 99]] })).toMatchObject([
      { t: 'pong', sent: [[0, 2]] },
      { t: 'data', seq: 2 },
    ]);
    expect(await ask({ t: 'credit', ch: 9, ...credit }, { t: 'nack', ch: 0, ranges: [[0, 1]] })).toEqual([]);
    expect(await ask({ t: 'unsubscribe', ch: 0 }, { t: 'unsubscribe', ch: 0 })).toEqual([
      { t: 'unsubscribed', ch: 0 },
      { t: 'unsubscribed', ch: 0 },
    ]);
    expect(stage.reading()).toEqual([]);
  });

  it('takes who asks again at his word, unless the first answer is still to come', async () => {
    const { stage, heard, ask } = await made();
    heard.splice(0);
    stage.keep('s', 'a');
    stage.stop();
    const request = { t: 'subscribe', stream: 's', from: 'beginning', ...credit } as const;
    expect(await ask(request, request, { t: 'ping', grants: [] })).toEqual([{ t: 'pong', sent: [] }]);
    stage.serve();
    await stage.time.pass(2000);
    expect(heard.splice(0)).toMatchObject([
      { t: 'subscribed', ch: 0 },
      { t: 'data', ch: 0 },
    ]);
    expect(await ask({ ...request, from: 1 })).toMatchObject([{ t: 'subscribed', ch: 1, seq: 1 }]);
  });

  it('ends its links when it closes, and its client', async () => {
    const { stage, hub, channel, heard } = await made();
    heard.splice(0);
    hub.close();
    await stage.time.pass(10);
    expect(heard).toMatchObject([{ closed: { code: 1001 } }]);
    channel.close();
  });

  it('lets go of a link that says it is closed', async () => {
    const { stage, channel, heard, ask } = await made();
    stage.keep('s');
    await ask({ t: 'subscribe', stream: 's', from: 0, ...credit });
    expect(stage.reading()).toEqual(['s 0']);
    say<LinkMessage>(channel, { closed: true });
    await stage.time.pass(50);
    expect(stage.reading()).toEqual([]);
    expect(heard).toMatchObject([{ closed: { code: 1000 } }]);
  });
});
