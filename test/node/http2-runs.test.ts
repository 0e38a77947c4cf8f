import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { serve, type Server, type ServeOptions } from 'sluice/node';
import { makeCertificate } from '../certificate.js';
import { until } from '../servers/until.js';
import { approval, eventsIn, shout } from './run-stage.js';

const certificate = makeCertificate();
const json = { 'content-type': 'application/json' };
const warnings: Error[] = [];
const hear = (warning: Error): void => void warnings.push(warning);

describe.each([
  ['TLS', { tls: certificate }],
  ['no TLS', { h2c: true }],
])('runs over HTTP/2 with %s', (_, over) => {
  let server: Server;
  let session: ClientHttp2Session;

  const start = async (options: ServeOptions = {}) => {
    process.on('warning', hear);
    server = await serve({ port: 0, ...over, runs: { pipelines: [shout, approval], maxBodyBytes: 1000 }, ...options });
    session = connect(server.url, { ca: certificate.cert });
    await once(session, 'connect');
  };

  afterEach(async () => {
    session.destroy();
    await server.close();
    process.off('warning', hear);
    expect(warnings).toEqual([]);
  });

  const open = (method: string, path: string, headers: object = {}) =>
    session.request({ ':method': method, ':path': path, ...headers }, { endStream: method === 'GET' });

  async function answerOf(stream: ClientHttp2Stream) {
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status': number }];
    const body = await text(stream);
    return { status: headers[':status'], body, json: () => JSON.parse(body) as unknown };
  }

  const get = async (path: string) => await answerOf(open('GET', path));

  async function post(path: string, body: unknown, headers: object = json) {
    const stream = open('POST', path, headers);
    const answer = answerOf(stream);
    stream.end(typeof body === 'string' ? body : JSON.stringify(body));
    return await answer;
  }

  /** Watches a run, over SSE. */
  function watch(id: string): ClientHttp2Stream & { got: string } {
    const stream = Object.assign(open('GET', `/stream/pipeline/${id}`), { got: '' });
    return stream.setEncoding('utf8').on('data', (part: string) => (stream.got += part));
  }

  it('starts them, shows them to their end, cancels, answers, and refuses as over HTTP/1.1', async () => {
    await start();
    const started = await post('/v1/runs', { pipeline: 'shout', input: 'hi', executionId: 'one' });
    expect([started.status, started.json()]).toEqual([201, { executionId: 'one' }]);
    const watching = watch('one');
    await once(watching, 'end');
    expect(eventsIn(watching.got).at(-2)).toMatchObject({
      event: 'pipeline_complete',
      data: { data: { output: 'HI' } },
    });
    expect(eventsIn(watching.got).at(-1)!.event).toBe('end');
    expect((await get('/v1/runs/one')).json()).toMatchObject({ status: 'completed', output: 'HI' });
    expect((await post('/v1/runs', { pipeline: 'shout', input: 'hi', executionId: 'one' })).status).toBe(409);
    for (const executionId of ['two', 'three']) await post('/v1/runs', { pipeline: 'approval', executionId });
    await until('they wait', async () => (await get('/v1/runs?status=waiting')).body.split('executionId').length === 3);
    expect((await post('/v1/runs/two/input', { name: 'yes', value: 1 })).status).toBe(202);
    expect((await post('/v1/runs/three/cancel', '', {})).status).toBe(202);
    await until('they have ended', async () => (await get('/v1/runs/three')).body.includes('"cancelled"'));
    await until('both', async () => (await get('/v1/runs/two')).body.includes('"completed"'));
    expect((await post('/v1/runs/two/input', { name: 'yes', value: 1 })).status).toBe(409);
    expect((await post('/v1/runs/nobody/cancel', {})).status).toBe(404);
    expect((await post('/v1/runs', { pipeline: 'none' })).status).toBe(400);
    expect((await post('/v1/runs', '{"pipeline":')).status).toBe(400);
  });

  it('takes a body however it is cut up, and no other type, though nobody says how long it is', async () => {
    await start();
    const stream = open('POST', '/v1/runs', json);
    const answer = answerOf(stream);
    for (const letter of JSON.stringify({ pipeline: 'shout', input: 'é' })) stream.write(letter);
    stream.end();
    expect((await answer).status).toBe(201);
    for (const type of [{ 'content-type': 'text/plain' }, {}]) {
      expect((await post('/v1/runs', { pipeline: 'shout', input: 'a' }, type)).status).toBe(415);
    }
  });

  it('starts nothing for a body that is cut off, and goes on with the others', async () => {
    await start();
    const half = open('POST', '/v1/runs', json);
    half.on('error', () => {});
    half.write('{"pipeline":"shout","input":"a"');
    // What comes later on the same connection is answered when the half is there.
    await get('/v1/runs');
    half.close(constants.NGHTTP2_CANCEL);
    await once(half, 'close');
    expect((await post('/v1/runs', { pipeline: 'shout', input: 'b' })).status).toBe(201);
    expect((await get('/v1/runs')).body.match(/executionId/g)).toHaveLength(1);
  });

  it('refuses a body that is too long, and has no more of it sent', async () => {
    await start();
    const stream = open('POST', '/v1/runs', json);
    stream.on('error', () => {});
    const answer = answerOf(stream);
    // As much as there is room for, for ever.
    let sent = 0;
    const part = 'x'.repeat(10_000);
    const more = (): void => {
      while (!stream.destroyed && stream.write(part)) sent += part.length;
      sent += part.length;
    };
    stream.on('drain', more);
    more();
    expect(await answer).toMatchObject({ status: 413 });
    await until('it is told to stop', () => stream.destroyed);
    expect((await get('/v1/runs')).status).toBe(200);
  });

  it('gives up a body that does not come', async () => {
    await start({ requestTimeoutMs: 200 });
    const stream = open('POST', '/v1/runs', json);
    stream.on('error', () => {});
    stream.write('{');
    expect((await answerOf(stream)).status).toBe(408);
    await until('it is told to stop', () => stream.destroyed);
    expect((await get('/v1/runs')).status).toBe(200);
  });

  it('starts a hundred at once and shows each to its end, over one connection', async () => {
    await start();
    const ids = Array.from({ length: 100 }, (_one, i) => `run-${i}`);
    const started = await Promise.all(
      ids.map(async (executionId) => await post('/v1/runs', { pipeline: 'approval', executionId })),
    );
    expect(new Set(started.map(({ status }) => status))).toEqual(new Set([201]));
    const watching = ids.map((id) => watch(id));
    await until('all ask', () => watching.every(({ got }) => got.includes('step_waiting')));
    await Promise.all(ids.map(async (id) => await post(`/v1/runs/${id}/input`, { name: 'yes', value: id })));
    await Promise.all(watching.map(async (stream) => stream.readableEnded || (await once(stream, 'end'))));
    for (const [i, { got }] of watching.entries()) {
      const events = eventsIn(got);
      expect(events.slice(0, -1).map(({ id }) => id)).toEqual(events.slice(0, -1).map((_event, at) => at));
      expect(events.at(-2)).toMatchObject({ event: 'pipeline_complete', data: { data: { output: ids[i] } } });
    }
  });

  it('lets a run go that nobody watches any more, whether one stream is reset or the connection is gone', async () => {
    await start();
    for (const executionId of ['one', 'two']) await post('/v1/runs', { pipeline: 'approval', executionId });
    const reads = (id: string) => server.streams.readers.slowest(`runs/${id}`) !== undefined;
    const [one, two] = [watch('one'), watch('two')];
    two.on('error', () => {});
    await until('both are watched', () => [one, two].every(({ got }) => got.includes('step_waiting')));
    expect([reads('one'), reads('two')]).toEqual([true, true]);
    one.close(constants.NGHTTP2_CANCEL);
    await until('one is let go', () => !reads('one'));
    expect(reads('two')).toBe(true);
    session.destroy();
    await until('the other as well', () => !reads('two'));
  });
});
