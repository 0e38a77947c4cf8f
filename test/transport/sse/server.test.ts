import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { closeCodes } from '../../../src/protocol/index.js';
import { serveEventStream } from '../../../src/transport/sse/server.js';
import { EventReading, Lab, serves } from './lab.js';

let lab: Lab;
afterEach(async () => lab?.close());

const until = async (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 2 });

/** The whole answer to a request that `fetch` would not make. */
async function answer(path: string, method = 'GET', headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const asked = httpRequest(`${lab.url}${path}`, { method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    asked.on('error', reject).end();
  });
}

async function refusal(path: string, headers: Record<string, string> = {}) {
  const { status, body } = await answer(path, 'GET', headers);
  return { status, ...(JSON.parse(body) as { code: string; message: string; field?: string }) };
}

const whale = ['Call', ' me', ' Ishmael.'];

describe('serveEventStream', () => {
  it('serves a stream to its end, so that a reader without any code of ours understands it', async () => {
    lab = await Lab.start(serves(whale));
    const { status, headers, body } = await answer('/streams/books/moby-dick');
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'sluice-seq': '0',
    });
    expect(body).toBe(
      [
        ': books/moby-dick from 0\n',
        'id: -1\nretry: 1000\n',
        'id: 0\ndata: {"seq":0,"type":"text","data":"Call","size":4,"timestamp":1}\n',
        'id: 1\ndata: {"seq":1,"type":"text","data":" me","size":3,"timestamp":1}\n',
        'id: 2\ndata: {"seq":2,"type":"text","data":" Ishmael.","size":9,"timestamp":1}\n',
        'event: end\nid: 2\ndata: {"seq":3,"status":"completed"}\n',
        '',
      ].join('\n'),
    );
    const [session] = lab.sessions;
    expect(session!.peer).toMatchObject({ transport: 'sse', address: '127.0.0.1' });
    expect(session!.peer.headers).toHaveProperty('host');
    await until(() => expect(session!.ends).toEqual([{ code: closeCodes.normal, reason: 'the stream has ended' }]));
  });

  it('subscribes from the beginning, with a window of credit', async () => {
    lab = await Lab.start(serves(whale));
    await answer('/streams/books/moby-dick');
    expect(lab.sessions[0]!.subscribe).toEqual({
      t: 'subscribe',
      stream: 'books/moby-dick',
      from: 'beginning',
      chunks: 256,
      bytes: 256 * 1024,
    });
  });

  it.each([
    ['?from=now', {}, 'now'],
    ['?from=7', {}, 7],
    ['?from=beginning&other=1', {}, 'beginning'],
    ['?from=now', { 'last-event-id': '41' }, 42],
    ['', { 'last-event-id': '-1' }, 0],
    ['?from=now', { 'last-event-id': '' }, 'now'],
  ])('begins where %s and %j say', async (query, headers, from) => {
    lab = await Lab.start(serves(whale));
    await answer(`/streams/s${query}`, 'GET', headers);
    expect(lab.sessions[0]!.subscribe.from).toBe(from);
  });

  it('takes the stream its caller chose', async () => {
    lab = await Lab.start(serves(whale), { stream: 'books/moby-dick' });
    await answer('/read');
    expect(lab.sessions[0]!.subscribe.stream).toBe('books/moby-dick');
  });

  it('lets a reader that was cut come back where it was, until 204 tells it to stay away', async () => {
    let cut = true;
    lab = await Lab.start((session, frame) => {
      if (frame.t !== 'subscribe') return;
      if (!cut) return serves(whale)(session, frame);
      session.begin(0);
      session.data(0, ...whale.slice(0, 2));
      cut = false;
      setTimeout(() => session.link.close(closeCodes['going-away'], 'restart'), 20);
    });
    const url = `${lab.url}/streams/s`;
    const texts: string[] = [];
    let lastEventId: string | undefined;
    const statuses: number[] = [];
    // What an `EventSource` does, until it is told to stop.
    for (let i = 0; i < 5 && statuses.at(-1) !== 204; i++) {
      const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
      const reading = await EventReading.of(url, headers);
      await until(() => expect(reading.over).toBe(true));
      statuses.push(reading.response.status);
      for (const { event, data } of reading.events) if (event === 'message') texts.push(JSON.parse(data).data);
      lastEventId = reading.lastEventId ?? lastEventId;
    }
    expect(statuses).toEqual([200, 200, 204]);
    expect(texts).toEqual(whale);
  });

  it('lets a reader of an empty stream that has ended stop as well', async () => {
    lab = await Lab.start(serves([]));
    const first = await EventReading.of(`${lab.url}/streams/s`);
    await until(() => expect(first.over).toBe(true));
    expect(first.lastEventId).toBe('-1');
    const second = await answer('/streams/s', 'GET', { 'last-event-id': '-1' });
    expect(second).toMatchObject({ status: 204, body: '' });
  });

  it('leads a reader of "now" that is cut before the first chunk back to where it began', async () => {
    lab = await Lab.start((session) => session.begin(42));
    const reading = await EventReading.of(`${lab.url}/streams/s?from=now`);
    await until(() => expect(reading.text).toContain('retry'));
    expect(reading.lastEventId).toBe('41');
    reading.stop();
    await until(() => expect(lab.sessions[0]!.ends.map(({ code }) => code)).toEqual([closeCodes.lost]));
  });

  it.each([
    ['/', 404, 'stream-not-found', undefined],
    ['/streams/', 400, 'name-invalid', 'stream'],
    ['/streams/a//b', 400, 'name-invalid', 'stream'],
    ['/streams/%ff', 400, 'name-invalid', 'stream'],
    ['/streams/s?from=', 400, 'frame-invalid', 'from'],
    ['/streams/s?from=-1', 400, 'frame-invalid', 'from'],
    ['/streams/s?from=yesterday', 400, 'frame-invalid', 'from'],
  ])('refuses %s with %i %s', async (path, status, code, field) => {
    lab = await Lab.start();
    expect(await refusal(path)).toMatchObject({ status, code, ...(field === undefined ? {} : { field }) });
    expect(lab.sessions).toEqual([]);
  });

  it('refuses a Last-Event-ID that is none of ours, naming it', async () => {
    lab = await Lab.start();
    const told = await refusal('/streams/s', { 'last-event-id': 'yesterday' });
    expect(told).toEqual({
      status: 400,
      code: 'frame-invalid',
      message: 'Last-Event-ID must be the id of an event: the number of a chunk',
      field: 'last-event-id',
    });
  });

  it.each(['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'])('answers %s with 405', async (method) => {
    lab = await Lab.start();
    const { status, headers } = await answer('/streams/s', method);
    expect(status).toBe(405);
    expect(headers['allow']).toBe('GET');
    expect(lab.sessions).toEqual([]);
  });

  describe('pages', () => {
    const page = 'https://app.example';

    it('of other hosts may not read', async () => {
      lab = await Lab.start(serves(whale));
      expect(await refusal('/streams/s', { origin: page })).toMatchObject({ status: 403, code: 'connection-refused' });
      expect(lab.sessions).toEqual([]);
    });

    it('of the host itself may', async () => {
      lab = await Lab.start(serves(whale));
      const { status, headers } = await answer('/streams/s', 'GET', { origin: lab.url });
      expect(status).toBe(200);
      expect(headers).toMatchObject({ 'access-control-allow-origin': lab.url, vary: 'origin' });
    });

    it('that are listed may, and see errors too', async () => {
      lab = await Lab.start(serves(whale), { origins: [page] });
      const served = await answer('/streams/s', 'GET', { origin: page });
      expect(served.headers).toMatchObject({
        'access-control-allow-origin': page,
        'access-control-expose-headers': 'sluice-seq, sluice-life, sluice-snapshot',
      });
      const refused = await answer('/streams/', 'GET', { origin: page });
      expect(refused.status).toBe(400);
      expect(refused.headers['access-control-allow-origin']).toBe(page);
    });

    it('that are listed may send a token', async () => {
      lab = await Lab.start(serves(whale), { origins: [page] });
      const asked = { origin: page, 'access-control-request-method': 'GET' };
      const { status, headers } = await answer('/streams/s', 'OPTIONS', asked);
      expect(status).toBe(204);
      expect(headers).toMatchObject({
        'access-control-allow-origin': page,
        'access-control-allow-methods': 'GET',
        'access-control-allow-headers': 'authorization, last-event-id',
      });
    });
  });

  it.each([
    ['windowChunks', 0],
    ['windowBytes', -1],
    ['heartbeatMs', 0],
    ['retryMs', 1.5],
    ['resumeHoldMs', Number.NaN],
    ['origins', ['nowhere']],
  ])('refuses a wrong %s at once', (name, value) => {
    const serve = () => serveEventStream({} as never, {} as never, {} as never, { [name]: value });
    expect(serve).toThrow(name);
  });
});
