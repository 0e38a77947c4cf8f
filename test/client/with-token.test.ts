import { describe, expect, it } from 'vitest';
import type { Authenticate } from 'sluice/auth/auth';
import { StreamError } from 'sluice/chunk';
import { withToken } from '../../src/client/with-token.js';
import { ClientStage } from './stage.js';

/** Tokens are names, and perhaps for how long they are good. */
function stageOf(tokens: () => string | Promise<string>, gateway = {}) {
  const shown: string[] = [];
  const authenticate: Authenticate = ({ header }) => {
    const token = header('authorization')!.slice('Bearer '.length);
    shown.push(token);
    const [id = '', forMs] = token.split(' ');
    if (id === 'bad') throw new StreamError('unauthenticated', 'not accepted');
    return forMs === undefined ? { id } : { id, expiresAt: stage.time.now() + Number(forMs) };
  };
  const stage: ClientStage = new ClientStage({ client: { token: tokens }, gateway: { authenticate, ...gateway } });
  return { stage, shown };
}

describe('withToken', () => {
  it('says who it is before it asks for anything', async () => {
    const { stage, shown } = stageOf(async () => await Promise.resolve('ann'));
    stage.keep('s', 'a');
    const { got } = stage.collect('s');
    await stage.time.pass(20);
    expect([shown, got]).toEqual([['ann'], ['a']]);
    const published = stage.client.publish('t', []);
    await stage.time.pass(20);
    expect(await published).toEqual({ next: 0 });
  });

  it('shows another token before the time of one is over, and nothing is interrupted', async () => {
    let count = 0;
    const { stage, shown } = stageOf(() => `ann ${10_000 + count++}`);
    const states: string[] = [];
    stage.client.state.subscribe((state) => states.push(state));
    stage.keep('s');
    const { got } = stage.collect('s');
    await stage.time.pass(25_000);
    stage.keep('s', 'late');
    await stage.time.pass(20);
    expect(got).toEqual(['late']);
    expect(shown).toEqual(['ann 10000', 'ann 10001', 'ann 10002', 'ann 10003']);
    expect(states).toEqual(['idle', 'connecting', 'open']);
    stage.client.close();
    await stage.time.pass(25_000);
    expect(shown).toHaveLength(4);
  });

  it('comes back with another token when the time of one was over', async () => {
    let count = 0;
    const { stage, shown } = stageOf(() => `ann ${count++ === 0 ? 500 : 100_000}`);
    stage.keep('s', 'a');
    const { got } = stage.collect('s');
    await stage.time.pass(2000);
    stage.keep('s', 'b');
    await stage.time.pass(20);
    expect([shown, got]).toEqual([
      ['ann 500', 'ann 100000'],
      ['a', 'b'],
    ]);
  });

  it('asks again when there was no token to be had', async () => {
    let count = 0;
    const { stage } = stageOf(() => {
      if (count++ < 3) throw new Error('no network');
      return 'ann';
    });
    stage.keep('s', 'a');
    const { got } = stage.collect('s');
    await stage.time.pass(2000);
    expect([count, got]).toEqual([4, ['a']]);
  });

  it('tries more than once to renew a token, and reads on meanwhile', async () => {
    let count = 0;
    const { stage, shown } = stageOf(() => {
      if (count++ === 1) throw new Error('no network');
      return 'ann 20000';
    });
    stage.keep('s');
    const { got } = stage.collect('s');
    await stage.time.pass(19_500);
    stage.keep('s', 'a');
    await stage.time.pass(20);
    expect([count, shown.length, got]).toEqual([3, 2, ['a']]);
  });

  it('gives up with a token that is not accepted', async () => {
    const { stage, shown } = stageOf(() => 'bad');
    stage.keep('s', 'a');
    const { got } = stage.collect('s');
    await stage.time.pass(60_000);
    expect([shown, got]).toEqual([['bad'], ['failed connection-refused']]);
  });

  it('forgets a token that comes when the link has gone', async () => {
    let give!: (token: string) => void;
    const { stage, shown } = stageOf(() => new Promise((resolve) => (give = resolve)));
    stage.collect('s');
    await stage.time.pass(5);
    stage.client.close();
    give('ann');
    await stage.time.pass(5);
    expect(shown).toEqual([]);
  });

  it('hands everything else on, and the welcome once', () => {
    const heard: string[] = [];
    let server!: Parameters<Parameters<typeof withToken>[0]['connect']>[0];
    const sent: string[] = [];
    const transport = {
      connect: (events: typeof server) => {
        server = events;
        return {
          writable: true,
          send: (frames: readonly { t: string }[]) => void sent.push(...frames.map(({ t }) => t)),
          close: (code: number) => void sent.push(`close ${code}`),
        };
      },
    };
    const { time } = new ClientStage();
    const link = withToken(transport, () => 'ann', time).connect({
      opened: () => void heard.push('opened'),
      frames: (frames) => void heard.push(...frames.map(({ t }) => t!)),
      drained: () => void heard.push('drained'),
      closed: (code) => void heard.push(`closed ${code}`),
    });
    const welcome = {
      t: 'welcome',
      protocol: 'sluice.v1',
      session: 'x',
      maxFrame: 1024,
      pingMs: 1,
      window: { chunks: 1, bytes: 1 },
    } as const;
    server.opened();
    server.frames([welcome, welcome]);
    server.frames([{ t: 'authenticated' }]);
    server.frames([welcome, { t: 'pong', sent: [] }]);
    server.frames([{ t: 'authenticated' }]);
    server.drained();
    link.send([{ t: 'ping', grants: [] }]);
    expect(link.writable).toBe(true);
    link.close(1000, '');
    server.closed(1000, '');
    expect(heard).toEqual(['opened', 'welcome', 'welcome', 'pong', 'drained', 'closed 1000']);
    expect(sent).toEqual(['ping', 'close 1000']);
  });
});
