import { describe, expect, it } from 'vitest';
import type { Authenticate, Principal } from 'sluice/auth/auth';
import { StreamError } from 'sluice/chunk';
import { BadFrame, type OutgoingFrame } from 'sluice/protocol';
import { createAccess } from 'sluice/streams';
import type { ClientLinkEvents, Link, Peer, ServerLinkEvents } from 'sluice/transport';
import { withToken } from '../../src/client/with-token.js';
import { textBodies } from '../bodies.js';
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

  it.each(['ann', undefined])('forgets a token (%s) that comes when the link has gone', async (token) => {
    let give!: (token: string | PromiseLike<string>) => void;
    const { stage, shown } = stageOf(() => new Promise((resolve) => (give = resolve)));
    stage.collect('s');
    await stage.time.pass(5);
    stage.client.close();
    give(token ?? Promise.reject(new Error('no network')));
    await stage.time.pass(5);
    expect(shown).toEqual([]);
  });

  it('says who it is and what it wants in one message, and is answered in one', async () => {
    const { stage } = stageOf(async () => await Promise.resolve('ann'));
    stage.keep('s', 'a');
    const sent = overheard(stage);
    const { got } = stage.collect('s');
    await stage.time.pass(20);
    expect(sent).toEqual(['< welcome', '> auth subscribe', '< authenticated subscribed data']);
    expect(got).toEqual(['a']);
  });

  it.each([
    ['at once', (principal: Principal) => principal],
    ['later', async (principal: Principal) => await Promise.resolve(principal)],
  ])('is served by a server that lets nothing wait for who it is, and finds that out %s', async (_, answer) => {
    const { stage } = stageOf(() => 'ann', {
      authenticate: () => answer({ id: 'ann' }),
      access: {
        ...createAccess({ streams: { info: () => undefined, create: () => undefined! }, authorize: () => true }),
        permit: (principal: Principal | undefined, _action: string, stream: string) => {
          if (principal === undefined) throw new StreamError('unauthenticated', 'say who you are');
          return stage.log.info(stream)!.life;
        },
        checkPublish: (principal: Principal | undefined, stream: string) => {
          if (principal === undefined) throw new StreamError('unauthenticated', 'say who you are');
          stage.log.create(stream);
          return stage.log.info(stream)!.life;
        },
      },
    });
    stage.keep('s', 'a');
    // As a server does that knows nothing of a message.
    const { gateway } = stage;
    stage.gateway = Object.create(gateway!, {
      accept: {
        value: (link: Link, peer: Peer) => {
          const events = gateway!.accept(link, peer);
          return { ...events, frames: (frames) => frames.forEach((frame) => events.frames([frame])) } as typeof events;
        },
      },
    });
    const sent = overheard(stage);
    const { got } = stage.collect('s');
    const published = stage.client.publish('t', textBodies('x', 'y'));
    await stage.time.pass(60);
    expect(got).toEqual(['a']);
    expect(await published).toEqual({ next: 2 });
    expect(sent[1]).toBe('> auth subscribe publish');
  });

  it('holds back what does not go into one message with its token, until it is known', async () => {
    const limits = { maxFrame: 1024, window: { chunks: 100, bytes: 10_000 } };
    const { stage } = stageOf(() => `ann${'x'.repeat(700)}`, { limits });
    const sent = overheard(stage);
    const published = ['a', 'b', 'c'].map((letter) => stage.client.publish('t', textBodies(letter.repeat(400))));
    await stage.time.pass(60);
    expect((await Promise.all(published)).at(-1)).toEqual({ next: 3 });
    expect(sent.slice(0, 3)).toEqual(['< welcome', '> auth', '< authenticated']);
  });

  it('asks for many streams when it is known', async () => {
    const { stage } = stageOf(() => 'ann');
    const sent = overheard(stage);
    const read = Array.from({ length: 257 }, (_, n) => {
      stage.keep(`s/${n}`, `${n}`);
      return stage.collect(`s/${n}`).got;
    });
    await stage.time.pass(60);
    expect(read.map(([first]) => first)).toEqual(read.map((_, n) => `${n}`));
    expect(sent.slice(0, 3)).toEqual(['< welcome', '> auth', '< authenticated']);
  });

  it('takes no more while a server looks at its token, and goes on then', async () => {
    let answer!: () => void;
    const { stage } = stageOf(() => 'ann', {
      authenticate: async () => await new Promise((resolve) => (answer = () => resolve({ id: 'ann' }))),
    });
    stage.keep('s', 'a');
    stage.keep('t', 'b');
    const sent = overheard(stage);
    const { got } = stage.collect('s');
    await stage.time.pass(20);
    const other = stage.collect('t');
    await stage.time.pass(20);
    expect(sent).toEqual(['< welcome', '> auth subscribe']);
    answer();
    await stage.time.pass(20);
    expect([got, other.got]).toEqual([['a'], ['b']]);
    expect(sent.slice(2)).toEqual(['< authenticated subscribed data', '> subscribe', '< subscribed data']);
  });

  describe('as a link', () => {
    it('says who it is also where there is nothing else to say', async () => {
      const { time, server, heard, sent } = linkOf();
      server.opened();
      server.frames([welcome]);
      await time.pass(5);
      expect([heard, sent]).toEqual([['opened', 'welcome'], ['auth']]);
    });

    it('hands the welcome on once there is a token, and once; a later one is none of its business', async () => {
      const { time, server, heard } = linkOf();
      server.opened();
      server.frames([welcome, welcome]);
      expect(heard).toEqual(['opened']);
      await time.pass(5);
      server.frames([welcome, { t: 'pong', sent: [] }]);
      expect(heard).toEqual(['opened', 'welcome', 'welcome', 'pong']);
    });

    it('takes nothing before it is known, and keeps what it is given', async () => {
      const { time, link, server, heard, sent } = linkOf();
      link.send([{ t: 'ping', grants: [] }]);
      server.frames([welcome]);
      await time.pass(5);
      link.send([{ t: 'cancel', stream: 's' }]);
      server.drained();
      expect([link.writable, heard, sent]).toEqual([false, ['welcome'], ['auth']]);
      server.frames([{ t: 'authenticated' }]);
      expect([link.writable, heard, sent]).toEqual([true, ['welcome', 'drained'], ['auth', 'ping', 'cancel']]);
      server.drained();
      link.send([{ t: 'ping', grants: [] }]);
      expect([heard.at(-1), sent.at(-1)]).toEqual(['drained', 'ping']);
    });

    it('is not writable before the one beneath it is', async () => {
      const { time, link, server, heard, below } = linkOf();
      server.frames([welcome]);
      await time.pass(5);
      below.writable = false;
      server.frames([{ t: 'authenticated' }]);
      expect([link.writable, heard]).toEqual([false, ['welcome']]);
      below.writable = true;
      server.drained();
      expect([link.writable, heard]).toEqual([true, ['welcome', 'drained']]);
    });

    it('hands on every other refusal, and how it ends', async () => {
      const { time, link, server, heard, sent } = linkOf();
      const bad = new BadFrame(new StreamError('frame-unknown', 'unknown'), 'x', undefined, undefined, undefined);
      server.frames([welcome]);
      await time.pass(5);
      server.frames([{ t: 'error', code: 'unauthenticated', message: 'not accepted' }, bad]);
      link.close(1000, '');
      server.closed(1000, '');
      expect([heard, sent]).toEqual([
        ['welcome', 'error', 'x', 'closed 1000'],
        ['auth', 'close 1000'],
      ]);
    });
  });
});

const welcome = {
  t: 'welcome',
  protocol: 'sluice.v1',
  session: 'x',
  maxFrame: 1024,
  pingMs: 1,
  window: { chunks: 1, bytes: 1 },
} as const;

/** A link with a token over one in the test's hand. */
function linkOf() {
  const heard: string[] = [];
  const sent: string[] = [];
  let server!: ClientLinkEvents;
  const below = {
    writable: true,
    send: (frames: readonly { t: string }[]) => void sent.push(...frames.map(({ t }) => t)),
    close: (code: number) => void sent.push(`close ${code}`),
  };
  const transport = {
    connect: (events: ClientLinkEvents) => {
      server = events;
      return below;
    },
  };
  const { time } = new ClientStage();
  const link = withToken(transport, () => 'ann', time).connect({
    opened: () => void heard.push('opened'),
    frames: (frames) => void heard.push(...frames.map(({ t }) => t!)),
    drained: () => void heard.push('drained'),
    closed: (code) => void heard.push(`closed ${code}`),
  });
  return { time, link, server, heard, sent, below };
}

/** The messages that go to a server and come from it, as the kinds of their frames. */
function overheard(stage: ClientStage): string[] {
  const messages: string[] = [];
  const note = (way: '<' | '>', frames: readonly { readonly t?: string | undefined }[]): void =>
    void messages.push(`${way} ${frames.map(({ t }) => t).join(' ')}`);
  const { gateway } = stage;
  const accept = (link: Link, peer: Peer): ServerLinkEvents => {
    const send = (frames: readonly OutgoingFrame[]): void => {
      note('<', frames);
      link.send(frames);
    };
    const close = (code: number, reason: string): void => link.close(code, reason);
    const events = gateway!.accept({ send, close, writable: true }, peer);
    const frames: typeof events.frames = (heard) => {
      note('>', heard);
      events.frames(heard);
    };
    return { ...events, frames };
  };
  stage.gateway = Object.create(gateway!, { accept: { value: accept } });
  return messages;
}
