import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import { BadFrame } from '../../src/protocol/index.js';
import { ConnectionRecorder, ReadingRecorder, welcome, WritingRecorder } from './recorder.js';

describe('Connection', () => {
  it('does nothing until something is wanted', () => {
    const trial = new ConnectionRecorder();
    expect(trial.connection).toMatchObject({ state: 'idle', unused: true });
    expect(trial.passes(100_000)).toEqual([]);
    expect(trial.on((connection) => connection.tick(5))).toEqual([]);
  });

  it.each([
    ['reading', (trial: ConnectionRecorder) => trial.connection.read(new ReadingRecorder().reading, 0)],
    ['writing', (trial: ConnectionRecorder) => trial.connection.write(new WritingRecorder().writing, 0)],
    ['cancelling', (trial: ConnectionRecorder) => trial.connection.cancel('s', undefined, 0)],
  ])('connects for %s, once, and is open when it is welcome', (_, want) => {
    const trial = new ConnectionRecorder();
    expect(trial.on(() => want(trial))).toEqual(['connect', 'connecting']);
    expect(trial.on(() => want(trial))).toEqual([]);
    expect(trial.hears(welcome)).toEqual(['open']);
    expect(trial.hears(welcome)).toEqual([]);
  });

  it('sends nothing before it is welcome, then everything in one message', () => {
    const trial = new ConnectionRecorder();
    trial.connection.cancel('s', 'enough', 0);
    trial.connection.read(new ReadingRecorder('r').reading, 0);
    expect(trial.sent()).toEqual([]);
    trial.hears(welcome);
    expect(trial.sent()).toEqual([
      'cancel stream=s reason=enough | subscribe stream=r from=beginning chunks=4 bytes=100',
    ]);
  });

  it('keeps what it has to say while the link takes no more', () => {
    const trial = new ConnectionRecorder();
    trial.opens();
    trial.writable = false;
    trial.connection.cancel('a', undefined, 0);
    expect(trial.sent()).toEqual(['cancel stream=a']);
    trial.connection.cancel('b', undefined, 0);
    expect(trial.sent()).toEqual([]);
    trial.writable = true;
    expect(trial.on((connection) => connection.drained(0))).toEqual(['send cancel stream=b']);
    trial.connection.cancel('c', undefined, 0);
    expect(trial.sent()).toEqual(['cancel stream=c']);
  });

  describe('a link that ends', () => {
    it('waits at least as long as the server has said', () => {
      const trial = new ConnectionRecorder();
      trial.opens();
      trial.hears({ t: 'authenticated' });
      trial.hears({ t: 'error', code: 'limit-reached', message: 'full', retryAfterMs: 5000 });
      trial.on((connection) => connection.ended(4429, 'full', 50));
      expect(trial.wakeAt).toBe(5000);
    });

    it.each([
      [1001, 'going-away'],
      [1006, 'lost'],
      [1011, 'internal'],
      [4408, 'idle-timeout'],
      [4410, 'backlog'],
      [4429, 'limit-reached'],
      [4999, 'lost'],
    ])('with %i (%s) is followed by another after a wait', (code) => {
      const trial = new ConnectionRecorder();
      trial.opens();
      expect(trial.on((connection) => connection.ended(code, '', 50))).toEqual(['waiting']);
      expect(trial.passes(59)).toEqual([]);
      expect(trial.passes(60)).toEqual(['connect', 'connecting']);
      expect(trial.hears(welcome)).toEqual(['open']);
    });

    it.each([1000, 1007, 1009, 4400, 4401, 4403, 4406])('with %i is the end: readers and writers are told', (code) => {
      const trial = new ConnectionRecorder();
      const reader = new ReadingRecorder();
      const writer = new WritingRecorder();
      trial.connection.read(reader.reading, 0);
      trial.connection.write(writer.writing, 0);
      trial.opens();
      expect(trial.on((connection) => connection.ended(code, 'because', 50))).toEqual(['closed']);
      expect(reader.told()).toEqual(['failed connection-refused']);
      expect(writer.told()).toEqual([`failed connection-refused: the server ended the connection (${code}: because)`]);
      expect(trial.wakeAt).toBeUndefined();
      expect(trial.connection.unused).toBe(true);
    });

    it('is not waited for after it was left for good', () => {
      const trial = new ConnectionRecorder();
      trial.opens();
      trial.connection.close();
      expect(trial.on((connection) => connection.ended(1006, '', 0))).toContain('closed');
      expect(trial.on((connection) => connection.ended(1006, '', 0))).toEqual([]);
    });

    it('that took no more is followed by one that does', () => {
      const trial = new ConnectionRecorder();
      trial.opens();
      trial.writable = false;
      trial.connection.cancel('s', undefined, 0);
      trial.sent();
      trial.connection.ended(1006, '', 0);
      trial.connection.cancel('t', undefined, 0);
      expect(trial.opens()).toEqual(['cancel stream=t']);
    });

    it('takes with it what was to be said on it, but for cancellations', () => {
      const trial = new ConnectionRecorder();
      trial.connection.read(new ReadingRecorder().reading, 0);
      trial.opens();
      trial.connection.cancel('s', undefined, 0);
      trial.passes(1000);
      trial.connection.ended(1006, '', 1000);
      expect(trial.opens()).toEqual(['cancel stream=s | subscribe stream=s from=beginning chunks=4 bytes=100']);
    });
  });

  describe('waking', () => {
    const wake = (trial: ConnectionRecorder) => trial.on((connection) => connection.wake(trial.now));

    it('ends the wait for another attempt, unless the server has asked for it', () => {
      const trial = new ConnectionRecorder();
      trial.opens();
      trial.connection.ended(1006, '', 0);
      trial.on(() => {});
      expect(wake(trial)).toEqual(['connect', 'connecting']);
      expect(wake(trial)).toEqual([]);
      trial.hears(welcome, { t: 'error', code: 'limit-reached', message: 'full', retryAfterMs: 5000 });
      trial.on((connection) => connection.ended(4429, '', 0));
      expect(wake(trial)).toEqual([]);
      trial.now = 5000;
      expect(wake(trial)).toEqual(['connect', 'connecting']);
    });

    it('asks an open link whether it lives, and leaves one that does not answer', () => {
      const trial = new ConnectionRecorder();
      trial.opens();
      trial.passes(100);
      wake(trial);
      wake(trial);
      expect(trial.sent()).toEqual(['ping grants=[]']);
      trial.hears({ t: 'pong', sent: [] });
      expect(trial.passes(999)).toEqual([]);
      wake(trial);
      expect(trial.passes(1398)).toEqual([]);
      expect(trial.passes(1405)).toEqual(['disconnect 4408 nothing heard', 'waiting']);
    });

    it('does nothing to a connection that nobody wants, or that is closed', () => {
      const trial = new ConnectionRecorder();
      expect(wake(trial)).toEqual([]);
      trial.opens();
      trial.connection.close();
      trial.on(() => {});
      expect(wake(trial)).toEqual([]);
    });
  });

  describe('attempts', () => {
    it('wait longer each time, until something was had of a connection', () => {
      const trial = new ConnectionRecorder();
      trial.opens();
      const waits: number[] = [];
      const lose = () => {
        trial.connection.ended(1006, '', trial.now);
        waits.push(trial.wakeAt! - trial.now);
        trial.opens();
      };
      for (let i = 0; i < 3; i++) lose();
      trial.hears({ t: 'pong', sent: [] });
      lose();
      lose();
      trial.hears({ t: 'data', ch: 1, seq: 0, chunks: [] });
      lose();
      trial.connection.write(new WritingRecorder().writing, trial.now);
      trial.hears({ t: 'ack', stream: 's', producer: 'p', epoch: 0, seq: 0, next: 0 });
      lose();
      expect(waits).toEqual([10, 20, 40, 10, 20, 10, 10]);
    });

    it('wait as long as a server that says goodbye asks, at random, and longer when the next does so too', () => {
      const trial = new ConnectionRecorder();
      trial.opens();
      trial.hears({ t: 'goodbye', retryMs: 600 });
      trial.on((connection) => connection.ended(1001, 'restart', 0));
      expect(trial.wakeAt).toBe(300);
      trial.opens();
      trial.hears({ t: 'goodbye', retryMs: 600 });
      trial.on((connection) => connection.ended(1001, 'restart', 300));
      expect(trial.wakeAt).toBe(300 + 20);
    });

    it('count no goodbye as a failure', () => {
      const trial = new ConnectionRecorder({ maxRetries: 0 });
      trial.opens();
      trial.hears({ t: 'goodbye', retryMs: 600 });
      expect(trial.on((connection) => connection.ended(1001, 'restart', 0))).toEqual(['waiting']);
      expect(trial.passes(300)).toEqual(['connect', 'connecting']);
      expect(trial.on((connection) => connection.ended(1006, '', 300))).toEqual(['closed']);
    });

    it('end after so many failures in a row', () => {
      const trial = new ConnectionRecorder({ maxRetries: 2 });
      const reader = new ReadingRecorder();
      trial.connection.read(reader.reading, 0);
      trial.connection.ended(1006, '', 0);
      trial.passes(10);
      trial.connection.ended(1006, 'refused', 10);
      trial.passes(30);
      expect(trial.on((connection) => connection.ended(1006, 'refused', 30))).toEqual(['closed']);
      expect(reader.told()).toEqual(['failed connection-lost']);
    });

    it('are given up when the welcome stays out', () => {
      const trial = new ConnectionRecorder();
      trial.connection.cancel('s', undefined, 0);
      trial.on((connection) => connection.tick(99));
      expect(trial.passes(99)).toEqual([]);
      expect(trial.passes(100)).toEqual(['disconnect 4408 connecting took too long', 'waiting']);
      trial.on((connection) => connection.tick(105));
      expect(trial.wakeAt).toBe(110);
      expect(trial.passes(110)).toEqual(['connect', 'connecting']);
    });
  });

  describe('signs of life', () => {
    it('are given as often as the server asks, or as its own settings say', () => {
      for (const [pingMs, expected] of [
        [5000, 1000],
        [300, 300],
      ] as const) {
        const trial = new ConnectionRecorder({ pingMs });
        trial.opens();
        trial.passes(expected - 1);
        expect(trial.sent()).toEqual([]);
        trial.passes(expected);
        expect(trial.sent()).toEqual(['ping grants=[]']);
      }
    });

    it('are expected: two pings without any, and the link is left', () => {
      const trial = new ConnectionRecorder();
      trial.opens();
      trial.passes(500);
      trial.hears({ t: 'pong', sent: [] });
      expect(trial.passes(2400)).toEqual([]);
      expect(trial.passes(2600)).toEqual(['disconnect 4408 nothing heard', 'waiting']);
    });

    it('repeat what every reader grants, in pings of which each fits a message at its longest', () => {
      const small = new ConnectionRecorder();
      small.opens({ ...welcome, maxFrame: 1024 });
      for (let ch = 0; ch < 40; ch++) {
        small.connection.read(new ReadingRecorder(`s${ch}`).reading, 0);
        small.hears({ t: 'subscribed', stream: `s${ch}`, ch, seq: 0 });
      }
      small.sent();
      small.passes(1000);
      const pings = small.sent().flatMap((message) => message.split(' | '));
      const grants = pings.map((ping) => JSON.parse(ping.slice('ping grants='.length)) as number[][]);
      expect(grants.flat()).toEqual(Array.from({ length: 40 }, (_, ch) => [ch, 4, 100]));
      const longest = JSON.stringify([Array(3).fill(Number.MAX_SAFE_INTEGER)]).length;
      for (const list of grants) expect(list.length * longest).toBeLessThan(1024);
    });
  });

  describe('frames that cannot be read', () => {
    const bad = (code: 'frame-unknown' | 'frame-invalid', t: string, ch?: number) =>
      new BadFrame(new StreamError(code, 'what?'), t, undefined, ch, undefined);

    it('are left out when they are new words', () => {
      const trial = new ConnectionRecorder();
      trial.opens();
      expect(trial.hears(bad('frame-unknown', 'hello'), { t: 'unsubscribed', ch: 9 })).toEqual([]);
      expect(trial.connection.state).toBe('open');
    });

    it('end the link when they are known ones, with what is behind them unread', () => {
      const trial = new ConnectionRecorder();
      const reader = new ReadingRecorder();
      trial.connection.read(reader.reading, 0);
      trial.opens();
      const data = { t: 'data', ch: 1, seq: 0, chunks: [] } as const;
      const found = { t: 'subscribed', stream: 's', ch: 1, seq: 0 } as const;
      const actions = trial.hears(bad('frame-invalid', 'ack'), found, data, bad('frame-invalid', 'ack'));
      expect(actions).toEqual(['disconnect 4400 what?', 'waiting']);
      expect(reader.told()).toEqual([]);
    });

    it('end the one reading they belong to, when they are chunks: these would come again for ever', () => {
      const trial = new ConnectionRecorder();
      const reader = new ReadingRecorder();
      trial.connection.read(reader.reading, 0);
      trial.opens();
      trial.hears({ t: 'subscribed', stream: 's', ch: 1, seq: 0 });
      expect(trial.hears(bad('frame-invalid', 'data', 1))).toEqual([]);
      expect(reader.told()).toEqual(['started 0', 'failed frame-invalid']);
      expect(trial.sent()).toEqual(['unsubscribe ch=1']);
      expect(trial.hears(bad('frame-invalid', 'data'))).toEqual(['disconnect 4400 what?', 'waiting']);
    });
  });

  describe('close', () => {
    it('says what is to be said, leaves the link, and tells readers and writers', () => {
      const trial = new ConnectionRecorder();
      trial.opens();
      const reader = new ReadingRecorder();
      const writer = new WritingRecorder();
      trial.connection.read(reader.reading, 0);
      trial.connection.write(writer.writing, 0);
      expect(trial.on((connection) => connection.close())).toEqual([
        'send subscribe stream=s from=beginning chunks=4 bytes=100',
        'disconnect 1000 ',
        'closed',
      ]);
      expect(reader.told()).toEqual(['failed client-closed']);
      expect(writer.told()).toEqual(['failed client-closed: the client was closed']);
      expect(trial.on((connection) => connection.close())).toEqual([]);
    });

    it('leaves a link that is only being opened', () => {
      const trial = new ConnectionRecorder();
      trial.connection.cancel('s', undefined, 0);
      trial.sent();
      expect(trial.on((connection) => connection.close())).toEqual(['disconnect 1000 ', 'closed']);
    });

    it('is final: what is wanted later fails at once', () => {
      const trial = new ConnectionRecorder();
      trial.opens();
      trial.connection.close();
      const reader = new ReadingRecorder();
      const writer = new WritingRecorder();
      trial.on(() => {});
      const later = trial.on((connection) => {
        connection.read(reader.reading, 0);
        connection.write(writer.writing, 0);
        connection.cancel('s', undefined, 0);
        connection.received([welcome], 0);
        connection.tick(100_000);
        connection.flush(0);
        connection.drained(0);
      });
      expect(later).toEqual([]);
      expect(reader.told()).toEqual(['failed client-closed']);
      expect(writer.told()).toEqual(['failed client-closed: the client was closed']);
    });

    it.each(['connecting', 'open', 'waiting', 'closed'])('may be called by who hears that it is %s', (state) => {
      const trial = new ConnectionRecorder({ maxRetries: 1 });
      trial.heard = (heard) => {
        if (heard === state) trial.connection.close();
      };
      trial.opens();
      trial.connection.ended(1006, '', 0);
      trial.on((connection) => connection.ended(4400, '', 0));
      if (state === 'closed') trial.connection.close();
      trial.on(() => {});
      expect(trial.connection.state).toBe('closed');
      expect(trial.wakeAt).toBeUndefined();
      expect(trial.passes(10_000)).toEqual([]);
    });
  });
});
