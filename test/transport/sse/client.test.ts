import { afterEach, describe, expect, it, vi } from 'vitest';
import type { BadFrame, OutgoingFrame, ServerFrame } from '../../../src/protocol/index.js';
import { closeCodes } from '../../../src/protocol/index.js';
import { createSseTransport, type SseTransportOptions } from '../../../src/transport/sse/client.js';
import { channel, Lab, type Script, serves, type StubSession } from './lab.js';

let lab: Lab | undefined;
afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

const until = async (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 2 });
const later = async (ms = 20) => new Promise((resolve) => setTimeout(resolve, ms));

/** A link that is open, and what came over it. */
async function open(options: Partial<SseTransportOptions> = {}) {
  const heard: string[] = [];
  const frames: (ServerFrame | BadFrame)[] = [];
  const link = createSseTransport({ url: lab?.url ?? 'http://127.0.0.1:9', ...options }).connect({
    opened: () => void heard.push('opened'),
    frames: (some) => {
      frames.push(...some);
      for (const frame of some) heard.push('t' in frame ? `${frame.t}` : 'bad');
    },
    drained: () => void heard.push('drained'),
    closed: (code, reason) => void heard.push(`closed ${code} ${reason}`),
  });
  expect(heard).toEqual([]);
  await until(() => expect(heard).toEqual(['opened', 'welcome']));
  heard.length = 0;
  const text = () =>
    frames.flatMap((frame) => ('chunks' in frame ? frame.chunks.map(({ data }) => data as string) : [])).join('');
  const of = <T extends ServerFrame['t']>(t: T) => frames.filter((frame) => 't' in frame && frame.t === t);
  return { link, heard, frames, text, of };
}

const subscribe = (
  stream: string,
  from: 'beginning' | 'now' | 'snapshot' | number = 'beginning',
  chunks = 100,
): OutgoingFrame => ({
  t: 'subscribe',
  stream,
  from,
  chunks,
  bytes: 1 << 20,
});
const ping = (...grants: [number, number, number][]): OutgoingFrame => ({ t: 'ping', grants });

const whale = ['Call', ' me', ' Ishmael.'];

describe('createSseTransport', () => {
  it('greets in the name of the server', async () => {
    const { frames } = await open({ pingMs: 5_000 });
    expect(frames).toMatchObject([{ t: 'welcome', protocol: 'sluice.v1', pingMs: 5_000 }]);
  });

  it('reads a stream to its end', async () => {
    lab = await Lab.start(serves(whale));
    const { link, heard, text, of } = await open();
    link.send([subscribe('books/moby dick')]);
    await until(() => expect(of('end')).toEqual([{ t: 'end', ch: 0, seq: 3, status: 'completed' }]));
    expect(of('subscribed')).toEqual([{ t: 'subscribed', stream: 'books/moby dick', ch: 0, seq: 0 }]);
    expect(text()).toBe('Call me Ishmael.');
    expect(lab.sessions[0]!.subscribe.stream).toBe('books/moby dick');
    await later();
    expect(heard.filter((word) => word.startsWith('closed'))).toEqual([]);
  });

  it.each(['beginning', 'now', 'snapshot', 2] as const)('asks for %s', async (from) => {
    lab = await Lab.start(serves(whale));
    const { link, of } = await open();
    link.send([subscribe('s', from)]);
    await until(() => expect(of('end')).toHaveLength(1));
    expect(lab.sessions[0]!.subscribe.from).toBe(from);
  });

  it('has a snapshot with the answer to its request', async () => {
    lab = await Lab.start((session, frame) => {
      if (frame.t !== 'subscribe') return;
      session.begin(9, 'all so far');
      session.data(9, 'more');
      session.end(10);
    });
    const { link, text, of } = await open();
    link.send([subscribe('s', 'snapshot')]);
    await until(() => expect(of('end')).toHaveLength(1));
    expect(of('subscribed')).toMatchObject([{ stream: 's', ch: 0, seq: 9, chunks: [{ data: 'all so far' }] }]);
    expect(text()).toBe('all so farmore');
  });

  it('reads several streams over one link, each on a channel of its own', async () => {
    lab = await Lab.start(serves(whale));
    const { link, of } = await open();
    link.send([subscribe('a'), subscribe('b')]);
    await until(() => expect(of('end')).toHaveLength(2));
    expect(new Set(of('subscribed').map((frame) => (frame as { ch: number }).ch))).toEqual(new Set([0, 1]));
  });

  it('sends headers with every request, made anew each time', async () => {
    lab = await Lab.start(serves(whale));
    let token = 0;
    const { link, of } = await open({ headers: () => ({ authorization: `Bearer ${token++}` }) });
    link.send([subscribe('a')]);
    link.send([subscribe('b')]);
    await until(() => expect(of('end')).toHaveLength(2));
    const sent = lab.sessions.map(({ peer }) => peer.headers!['authorization']);
    expect(new Set(sent)).toEqual(new Set(['Bearer 0', 'Bearer 1']));
  });

  it('keeps the path and the query of the address', async () => {
    const asked: string[] = [];
    const fetch = async (url: string) => {
      asked.push(url);
      return new Response('', { status: 404 });
    };
    const { link, of } = await open({ url: 'https://chunks.example/api/?key=a', fetch });
    link.send([subscribe('books/a b', 7)]);
    await until(() => expect(of('error')).toHaveLength(1));
    expect(asked).toEqual(['https://chunks.example/api/streams/books/a%20b?key=a&from=7']);
  });

  it('holds the server back while there is no credit, and goes on when there is', async () => {
    const chunk = 'x'.repeat(16 * 1024);
    const total = 2048;
    let sent = 0;
    let bytes = 0;
    const pump: Script = (session, frame) => {
      if (frame.t === 'subscribe') session.begin(0);
      if (frame.t !== 'subscribe' && frame.t !== 'credit') return;
      while (sent < total && sent < frame.chunks && bytes < frame.bytes) {
        session.data(sent++, chunk);
        bytes += chunk.length;
      }
      if (sent === total) session.end(total);
    };
    lab = await Lab.start(pump);
    const { link, frames, of } = await open();
    link.send([{ t: 'subscribe', stream: 's', from: 'beginning', chunks: 3, bytes: 1 << 30 }]);
    const received = () => frames.reduce((sum, frame) => sum + ('chunks' in frame ? frame.chunks.length : 0), 0);
    await until(() => expect(received()).toBe(3));
    let before = -1;
    // Until neither kernel takes any more.
    while (before !== sent) {
      before = sent;
      await later(50);
    }
    expect(received()).toBe(3);
    expect(sent).toBeLessThan(total);
    link.send([{ t: 'credit', ch: 0, chunks: total, bytes: 1 << 30 }]);
    await until(() => expect(of('end')).toHaveLength(1));
    expect(received()).toBe(total);
  });

  it('stops reading when unsubscribed, and may read again', async () => {
    lab = await Lab.start((session, frame) => {
      if (frame.t === 'subscribe') session.begin(0);
    });
    const { link, of } = await open();
    link.send([subscribe('s')]);
    await until(() => expect(of('subscribed')).toHaveLength(1));
    link.send([{ t: 'unsubscribe', ch: 0 }]);
    await until(() => expect(of('unsubscribed')).toEqual([{ t: 'unsubscribed', ch: 0 }]));
    await until(() => expect(lab!.sessions[0]!.ends.map(({ code }) => code)).toEqual([closeCodes.lost]));
    link.send([subscribe('s', 7)]);
    await until(() => expect(of('subscribed')).toHaveLength(2));
    link.send([
      { t: 'unsubscribe', ch: 99 },
      { t: 'credit', ch: 99, chunks: 1, bytes: 1 },
    ]);
    await until(() => expect(of('unsubscribed')).toHaveLength(2));
  });

  it('answers a repeated request, and refuses one for another position', async () => {
    lab = await Lab.start((session, frame) => {
      if (frame.t !== 'subscribe') return;
      session.begin(0);
      session.data(0, ...whale);
    });
    const { link, of, text } = await open();
    link.send([subscribe('s', 'beginning', 1), subscribe('s', 'beginning', 1)]);
    await until(() => expect(text()).toBe('Call'));
    link.send([subscribe('s', 'beginning', 2)]);
    await until(() => expect(text()).toBe('Call me'));
    await until(() => expect(of('subscribed')).toHaveLength(2));
    link.send([subscribe('s', 1)]);
    await until(() => expect(of('error')).toMatchObject([{ code: 'frame-unexpected', stream: 's' }]));
    expect(lab.sessions).toHaveLength(1);
  });

  it('tells of a refused stream, which may be asked for again, and reads the others on', async () => {
    let known = false;
    lab = await Lab.start((session, frame) => {
      if (frame.t !== 'subscribe') return;
      if (known || frame.stream === 'other') serves(whale)(session, frame);
      else session.send({ t: 'error', code: 'stream-not-found', message: 'no stream "s"', stream: 's' });
    });
    const { link, of, text, heard } = await open();
    link.send([subscribe('s')]);
    await until(() =>
      expect(of('error')).toEqual([{ t: 'error', code: 'stream-not-found', message: 'no stream "s"', stream: 's' }]),
    );
    link.send([subscribe('other')]);
    await until(() => expect(of('end')).toHaveLength(1));
    known = true;
    link.send([subscribe('s')]);
    await until(() => expect(of('end')).toHaveLength(2));
    expect(text()).toBe(whale.join('').repeat(2));
    expect(heard.filter((word) => word.startsWith('closed'))).toEqual([]);
  });

  it('refuses a bad stream name without asking the server', async () => {
    lab = await Lab.start();
    const { link, of } = await open();
    link.send([subscribe('a//b')]);
    await until(() => expect(of('error')).toMatchObject([{ code: 'name-invalid', stream: 'a//b' }]));
    expect(lab.sessions).toEqual([]);
  });

  it('says that it only reads', async () => {
    const { link, frames } = await open();
    link.send([
      { t: 'publish', stream: 's', producer: 'p', epoch: 0, seq: 0, chunks: [] },
      { t: 'cancel', stream: 's' },
    ]);
    const refusal = { t: 'error', code: 'frame-unexpected', stream: 's' };
    await until(() =>
      expect(frames.slice(1)).toEqual([
        { ...refusal, message: 'SSE only reads: publish over WebSocket', producer: 'p' },
        { ...refusal, message: 'SSE only reads: cancel over WebSocket' },
      ]),
    );
  });

  describe('ends with 1006, so that the machine above connects again,', () => {
    it('when a response breaks off', async () => {
      lab = await Lab.start((session, frame) => {
        if (frame.t !== 'subscribe') return;
        session.begin(0);
        session.data(0, 'Call');
      });
      const { link, heard, text } = await open();
      link.send([subscribe('s'), subscribe('other')]);
      await until(() => expect(text()).toBe('CallCall'));
      lab.sessions[0]!.link.close(closeCodes['going-away'], 'restart');
      await until(() => expect(heard.at(-1)).toMatch(/^closed 1006 /));
      // The other stream's request goes with it.
      await until(() => expect(lab!.sessions[1]!.ends).toHaveLength(1));
      link.send([subscribe('s')]);
      await later();
      expect(heard.at(-1)).toMatch(/^closed 1006 /);
    });

    it('when the server cannot be reached', async () => {
      const gone = await Lab.start();
      await gone.close();
      const { link, heard } = await open({ url: gone.url });
      link.send([subscribe('s')]);
      await until(() => expect(heard).toEqual([expect.stringMatching(/^closed 1006 /)]));
    });

    it('when chunks are missing', async () => {
      const { link, heard } = await open();
      link.send([{ t: 'nack', ch: 0, ranges: [[0, 1]] }]);
      await until(() => expect(heard).toEqual(['closed 1006 chunks are missing']));
    });
  });

  it('ends with 4400 when the answer is none of sluice', async () => {
    lab = await Lab.serve(() => (_, response) => response.end('<html>'));
    const { link, heard } = await open();
    link.send([subscribe('s')]);
    await until(() => expect(heard).toEqual(['closed 4400 the answer is no event stream of sluice']));
  });

  describe('a ping', () => {
    const talking = (session: StubSession, frame: { t: string }) => {
      if (frame.t === 'subscribe') session.begin(0);
    };

    it('is answered with what was handed on, and grants credit', async () => {
      lab = await Lab.start((session, frame) => {
        if (frame.t !== 'subscribe') return;
        session.begin(0);
        session.data(0, ...whale);
      });
      const { link, of, text } = await open();
      link.send([ping()]);
      await until(() => expect(of('pong')).toEqual([{ t: 'pong', sent: [] }]));
      link.send([subscribe('s', 'beginning', 1)]);
      await until(() => expect(text()).toBe('Call'));
      link.send([ping([0, 3, 1000], [99, 1, 1])]);
      await until(() => expect(of('pong')).toHaveLength(2));
      expect(of('pong')[1]).toEqual({ t: 'pong', sent: [[0, 3]] });
      expect(text()).toBe('Call me Ishmael.');
    });

    it('is not answered when the server owes something and said nothing since the last', async () => {
      lab = await Lab.start((session, frame) => {
        if (frame.t === 'subscribe') session.begin(0);
        if (frame.t === 'subscribe') session.data(0, 'Call');
      });
      const { link, of, text } = await open();
      link.send([subscribe('s')]);
      // That is all it has to say.
      await until(() => expect(text()).toBe('Call'));
      link.send([ping()]);
      await until(() => expect(of('pong')).toHaveLength(1));
      link.send([ping()]);
      await later();
      expect(of('pong')).toHaveLength(1);
    });

    it('is answered while heartbeats come', async () => {
      lab = await Lab.start(talking, { heartbeatMs: 5 });
      const { link, of } = await open();
      link.send([subscribe('s')]);
      await until(() => expect(of('subscribed')).toHaveLength(1));
      // One alone is not answered twice without a sign of life between.
      await until(() => {
        link.send([ping()]);
        expect(of('pong').length).toBeGreaterThan(3);
      });
    });
  });

  it('lets everything go when closed', async () => {
    lab = await Lab.start((session, frame) => {
      if (frame.t === 'subscribe') session.begin(0);
    });
    const { link, heard, of } = await open();
    link.send([subscribe('s')]);
    await until(() => expect(of('subscribed')).toHaveLength(1));
    link.close(closeCodes.normal, 'done');
    link.close(closeCodes.normal, 'again');
    link.send([subscribe('other'), ping()]);
    expect(heard.at(-1)).toBe('subscribed');
    await until(() => expect(heard.at(-1)).toBe('closed 1000 done'));
    await until(() => expect(lab!.sessions.map(({ ends }) => ends.length)).toEqual([1]));
    lab.sessions[0]!.send({ t: 'end', ch: channel, seq: 0, status: 'completed' });
    await later();
    expect(heard.at(-1)).toBe('closed 1000 done');
  });

  it('never opens when closed at once', async () => {
    const heard: string[] = [];
    const link = createSseTransport({ url: 'http://127.0.0.1:9' }).connect({
      opened: () => void heard.push('opened'),
      frames: () => void heard.push('frames'),
      drained: () => {},
      closed: (code) => void heard.push(`closed ${code}`),
    });
    link.send([subscribe('s')]);
    link.close(closeCodes.normal, '');
    await later();
    expect(heard).toEqual(['closed 1000']);
    expect(link.writable).toBe(true);
  });

  it.each(['', '/streams', 'ws://127.0.0.1', 7])('refuses the address %j', (url) => {
    expect(() => createSseTransport({ url: url as string })).toThrow(TypeError);
  });

  it('refuses a pingMs that is none', () => {
    expect(() => createSseTransport({ url: 'http://127.0.0.1', pingMs: 0 })).toThrow(RangeError);
  });
});
