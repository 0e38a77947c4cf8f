import { connect, type Socket } from 'node:net';
import { VirtualTimeScheduler } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { closeCodes } from '../../../src/protocol/index.js';
import { type EventStreamOptions, serveEventStream } from '../../../src/transport/sse/server.js';
import { channel, EventReading, Lab, type Script, type StubSession } from './lab.js';

let lab: Lab;
let last: EventReading | undefined;
afterEach(async () => {
  last?.stop();
  await lab?.close();
});

const until = async (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 2 });

/** A reader whose session has done what `script` says. */
async function read(script: (stub: StubSession) => void, options?: EventStreamOptions, lastEventId?: string) {
  const onSubscribe: Script = (session, frame) => {
    if (frame.t === 'subscribe') script(session);
  };
  lab = await Lab.start(onSubscribe, options);
  const reading = await EventReading.of(
    `${lab.url}/streams/s`,
    lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
  );
  last = reading;
  return { reading, session: lab.sessions[0]! };
}

const seen = ({ events }: EventReading) => events.map(({ event, id, data }) => [event, id, JSON.parse(data)]);

describe('EventStreamLink', () => {
  it('writes gaps, whose id leads behind them', async () => {
    const { reading } = await read((stub) => {
      stub.begin(0);
      stub.send({ t: 'gap', ch: channel, from: 0, to: 40, reason: 'trimmed' });
      stub.data(40, 'whale');
      stub.end(41);
    });
    await until(() => expect(reading.over).toBe(true));
    expect(seen(reading).map(([event, id]) => [event, id])).toEqual([
      ['gap', '39'],
      ['message', '40'],
      ['end', '40'],
    ]);
    expect(seen(reading)[0]![2]).toEqual({ from: 0, to: 40, reason: 'trimmed' });
  });

  it('writes a snapshot first, and no id that leads behind it before it', async () => {
    const { reading } = await read((stub) => {
      stub.begin(40, Uint8Array.of(1, 2));
      stub.data(40, 'whale');
      stub.end(41);
    });
    await until(() => expect(reading.over).toBe(true));
    const { headers } = reading.response;
    expect([headers.get('sluice-seq'), headers.get('sluice-snapshot')]).toEqual(['40', '1']);
    expect(seen(reading).slice(0, 2)).toEqual([
      ['snapshot', '39', expect.objectContaining({ seq: 39, type: 'binary', data: 'AQI=' })],
      ['message', '40', expect.objectContaining({ seq: 40, data: 'whale' })],
    ]);
    expect(reading.text.slice(0, reading.text.indexOf('event: snapshot'))).toBe(': s from 40\n\nretry: 1000\n\n');
  });

  it('writes what the server tells beside the stream, once there is a response', async () => {
    const { reading } = await read((stub) => {
      stub.send({ t: 'push', data: 'too early' });
      stub.begin(0);
      stub.send({ t: 'push', data: { left: 7 } });
      stub.end(0);
    });
    await until(() => expect(reading.over).toBe(true));
    expect(reading.text).toContain('\n\nevent: push\ndata: {"left":7}\n\nevent: end');
    expect(reading.text).not.toContain('too early');
  });

  it('skips what a reader over SSE did not ask', async () => {
    const { reading, session } = await read((stub) => {
      stub.begin(0);
      stub.begin(0);
      stub.send({ t: 'pong', sent: [[channel, 0]] }, { t: 'unsubscribed', ch: channel }, { t: 'stop', stream: 's' });
      stub.end(0);
      stub.data(0, 'behind the end');
    });
    await until(() => expect(reading.over).toBe(true));
    expect(reading.text).toBe(
      ': s from 0\n\nid: -1\nretry: 1000\n\nevent: end\nid: -1\ndata: {"seq":0,"status":"completed"}\n\n',
    );
    expect(session.ends).toHaveLength(1);
  });

  it('tells how long to wait before coming back', async () => {
    const { reading } = await read((stub) => stub.begin(0), { retryMs: 77 });
    await until(() => expect(reading.text).toContain('retry: 77\n'));
  });

  describe('an error', () => {
    it.each([
      ['stream-not-found', 404],
      ['name-invalid', 400],
      ['limit-reached', 429],
      ['internal', 500],
    ] as const)('%s before the first event is the status %i', async (code, status) => {
      const { reading, session } = await read((stub) => {
        stub.send({ t: 'error', code, message: 'it is so', stream: 's' });
      });
      expect(reading.response.status).toBe(status);
      expect(reading.response.headers.get('content-type')).toBe('application/json');
      await until(() => expect(reading.text).toBe(`{"code":"${code}","message":"it is so"}`));
      await until(() => expect(session.ends).toEqual([{ code: closeCodes.normal, reason: 'it is so' }]));
    });

    it('after the first event is an event, and the last', async () => {
      const { reading, session } = await read((stub) => {
        stub.begin(0);
        stub.data(0, 'whale');
        stub.send({ t: 'error', code: 'internal', message: 'the log burns', stream: 's', ch: channel });
        stub.data(1, 'too late');
      });
      await until(() => expect(reading.over).toBe(true));
      expect(seen(reading).at(-1)).toEqual(['error', undefined, { code: 'internal', message: 'the log burns' }]);
      expect(session.ends).toHaveLength(1);
    });
  });

  describe('closed by the session', () => {
    it.each([
      [closeCodes['limit-reached'], 429, 'limit-reached'],
      [closeCodes['going-away'], 503, 'connection-lost'],
      [closeCodes.internal, 500, 'internal'],
    ])('with %i before the first event answers %i', async (closeCode, status, code) => {
      const { reading, session } = await read((stub) => stub.link.close(closeCode, 'so it is'));
      expect(reading.response.status).toBe(status);
      await until(() => expect(JSON.parse(reading.text)).toEqual({ code, message: 'so it is' }));
      await until(() => expect(session.ends).toEqual([{ code: closeCode, reason: 'so it is' }]));
    });

    it('within accept is answered as well, and nothing is asked of it', async () => {
      lab = await Lab.serve((made) => (request, response) => {
        const { accept } = made.acceptor(() => {});
        const acceptor = {
          accept: (...args: Parameters<typeof accept>) => {
            const events = accept(...args);
            args[0].close(closeCodes['limit-reached'], 'full');
            return events;
          },
        };
        serveEventStream(request, response, acceptor);
      });
      last = await EventReading.of(`${lab.url}/streams/s`);
      expect(last.response.status).toBe(429);
      expect(lab.sessions[0]!.frames).toEqual([]);
      await until(() => expect(lab.sessions[0]!.ends).toHaveLength(1));
    });

    it('after the first event ends the response, so that the reader comes back', async () => {
      const { reading, session } = await read((stub) => stub.begin(0));
      session.link.close(closeCodes['going-away'], 'restart');
      session.link.close(closeCodes.internal, 'again');
      session.data(0, 'too late');
      expect(session.ends).toEqual([]);
      await until(() => expect(reading.over).toBe(true));
      expect(reading.events).toEqual([]);
      await until(() => expect(session.ends).toEqual([{ code: closeCodes['going-away'], reason: 'restart' }]));
    });

    it('with a goodbye before it says when to come back, each reader at another time', async () => {
      const { reading, session } = await read((stub) => stub.begin(0), { random: () => 0.25 });
      session.send({ t: 'goodbye', retryMs: 2000 });
      session.link.close(closeCodes['going-away'], 'restart');
      await until(() => expect(reading.over).toBe(true));
      expect(reading.text.endsWith('retry: 500\n\n')).toBe(true);
    });

    it('with a goodbye before the first event is an answer that says when to come back', async () => {
      const { reading } = await read((stub) => {
        stub.send({ t: 'goodbye', retryMs: 2000 });
        stub.link.close(closeCodes['going-away'], 'restart');
      });
      expect([reading.response.status, reading.response.headers.get('retry-after')]).toEqual([503, '1']);
    });

    it('with 1006 breaks the connection', async () => {
      const { reading, session } = await read((stub) => stub.begin(0));
      session.link.close(closeCodes.lost, 'gone');
      await until(() => expect(reading.over).toBe(true));
      await until(() => expect(session.ends).toEqual([{ code: closeCodes.lost, reason: 'gone' }]));
    });
  });

  describe('for a reader that comes back', () => {
    it('holds the headers until there is something', async () => {
      const { reading } = await read(
        (stub) => {
          stub.begin(42);
          setTimeout(() => stub.data(42, 'whale'), 20);
        },
        { resumeHoldMs: 60_000 },
        '41',
      );
      expect(reading.response.status).toBe(200);
      await until(() => expect(reading.events.map(({ id }) => id)).toEqual(['42']));
    });

    it('answers 204 when the end comes a little later', async () => {
      const { reading, session } = await read(
        (stub) => {
          stub.begin(42);
          setTimeout(() => stub.end(42), 20);
        },
        { resumeHoldMs: 60_000 },
        '41',
      );
      expect(reading.response.status).toBe(204);
      await until(() => expect(session.ends).toHaveLength(1));
    });

    it('answers with the end when there was a gap before it', async () => {
      const { reading } = await read(
        (stub) => {
          stub.begin(42);
          stub.send({ t: 'gap', ch: channel, from: 42, to: 50, reason: 'trimmed' });
          stub.end(50);
        },
        {},
        '41',
      );
      await until(() =>
        expect(seen(reading).map(([event, id]) => [event, id])).toEqual([
          ['gap', '49'],
          ['end', '49'],
        ]),
      );
    });

    it('does not hold the headers for ever', async () => {
      const { reading } = await read((stub) => stub.begin(42), { resumeHoldMs: 10 }, '41');
      expect(reading.response.status).toBe(200);
    });
  });

  describe('when nothing happens', () => {
    /** A link under virtual time; `pass` lets it pass. */
    async function quiet(options: EventStreamOptions = {}, script = (stub: StubSession) => stub.begin(0)) {
      const scheduler = new VirtualTimeScheduler(undefined, 0);
      const made = await read(script, { ...options, scheduler });
      const pass = (ms: number) => {
        scheduler.maxFrames += ms;
        scheduler.flush();
        scheduler.frame = scheduler.maxFrames;
      };
      return { ...made, scheduler, pass };
    }
    const pings = (text: string) => text.split(': ping\n\n').length - 1;

    it('shows the reader every 15 s that the connection lives', async () => {
      const { reading, pass } = await quiet();
      pass(14_999);
      pass(1);
      await until(() => expect(pings(reading.text)).toBe(1));
      pass(30_000);
      await until(() => expect(pings(reading.text)).toBe(3));
    });

    it('counts from the last event', async () => {
      const { reading, session, pass } = await quiet({ heartbeatMs: 100 });
      pass(60);
      session.data(0, 'whale');
      pass(99);
      session.data(1, 'whale');
      await until(() => expect(reading.events).toHaveLength(2));
      expect(pings(reading.text)).toBe(0);
      pass(100);
      await until(() => expect(pings(reading.text)).toBe(1));
    });

    it('shows the session that the reader is there, with the latest grant', async () => {
      const { session, pass } = await quiet();
      pass(15_000);
      expect(session.all('ping')).toEqual([{ t: 'ping', grants: [[channel, 256, 256 * 1024]] }]);
    });

    it('does so as often as the session wants it', async () => {
      const window = { chunks: 1, bytes: 1 };
      const { session, reading, pass } = await quiet({}, (stub) => {
        stub.send({ t: 'welcome', protocol: 'sluice.v1', session: 'a', maxFrame: 65_536, pingMs: 1_000, window });
        stub.begin(0);
      });
      pass(10_000);
      expect(session.all('ping')).toHaveLength(10);
      expect(pings(reading.text)).toBe(0);
    });

    it('does so before it has an answer, too', async () => {
      const scheduler = new VirtualTimeScheduler(undefined, 15_000);
      lab = await Lab.start(() => {}, { scheduler });
      const asked = EventReading.of(`${lab.url}/streams/s`).catch(() => undefined);
      await until(() => expect(lab.sessions).toHaveLength(1));
      scheduler.flush();
      expect(lab.sessions[0]!.all('ping')).toEqual([{ t: 'ping', grants: [] }]);
      lab.sessions[0]!.link.close(closeCodes.normal, '');
      await asked;
    });

    it('lets its timers go at the end', async () => {
      const { session, scheduler } = await quiet();
      expect(scheduler.actions.length).toBe(1);
      session.end(0);
      scheduler.flush();
      expect(scheduler.actions.filter(({ closed }) => !closed)).toEqual([]);
    });
  });

  describe('credit', () => {
    it('comes back as the socket takes chunks, in totals, at half a window', async () => {
      const { session } = await read((stub) => stub.begin(0), { windowChunks: 10, windowBytes: 1000 });
      expect(session.subscribe).toMatchObject({ chunks: 10, bytes: 1000 });
      session.data(0, ...'abcd');
      session.data(4, 'e');
      await until(() => expect(session.all('credit')).toEqual([{ t: 'credit', ch: channel, chunks: 15, bytes: 1005 }]));
      session.data(5, 'x'.repeat(600));
      await until(() => expect(session.all('credit')).toHaveLength(2));
      expect(session.all('credit')[1]).toEqual({ t: 'credit', ch: channel, chunks: 16, bytes: 1605 });
    });

    it('is held by a socket that does not read, and by nothing else', async () => {
      const chunk = 'x'.repeat(16 * 1024);
      const total = 2048;
      /** Sends as credit allows, to 32 MiB. */
      const pump = new Map<StubSession, { sent: number; bytes: number; chunks: number; byteCredit: number }>();
      lab = await Lab.start((session, frame) => {
        if (frame.t === 'subscribe') session.begin(0);
        if (frame.t !== 'subscribe' && frame.t !== 'credit') return;
        const state = pump.get(session) ?? { sent: 0, bytes: 0, chunks: 0, byteCredit: 0 };
        pump.set(session, state);
        state.chunks = frame.chunks;
        state.byteCredit = frame.bytes;
        while (state.sent < total && state.sent < state.chunks && state.bytes < state.byteCredit) {
          session.data(state.sent++, chunk);
          state.bytes += chunk.length;
          if (state.sent === total) session.end(total);
        }
      });
      const slow = await paused(lab.url);
      await until(() => expect(lab.sessions).toHaveLength(1));
      let before = -1;
      const state = () => pump.get(lab.sessions[0]!)!;
      // Until the kernel takes no more either, however often it is looked at.
      for (let looks = 0; looks < 10; looks++) {
        if (before !== state().sent) looks = 0;
        before = state().sent;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(state().sent).toBeLessThan(total);
      const fast = await EventReading.of(`${lab.url}/streams/other`);
      await until(() => expect(fast.over).toBe(true));
      expect(fast.events).toHaveLength(total + 1);
      expect(state().sent).toBe(before);
      let received = 0;
      slow.on('data', (bytes: Buffer) => (received += bytes.length));
      slow.resume();
      await until(() => expect(lab.sessions[0]!.ends.map(({ code }) => code)).toEqual([closeCodes.normal]));
      await until(() => expect(received).toBeGreaterThan(total * chunk.length));
      slow.destroy();
    });

    it('is not asked of a session whose reader has gone', async () => {
      const { reading, session } = await read((stub) => stub.begin(0), { windowChunks: 2 });
      reading.stop();
      await until(() => expect(session.ends).toEqual([{ code: closeCodes.lost, reason: 'the reader has gone' }]));
      session.data(0, 'a', 'b');
      session.end(2);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(session.all('credit')).toEqual([]);
      expect(session.ends).toHaveLength(1);
    });
  });
});

/** A socket that asks for a stream and does not read the answer. */
async function paused(url: string): Promise<Socket> {
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  socket.pause();
  socket.write('GET /streams/s HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n');
  return socket;
}
