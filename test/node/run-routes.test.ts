import { once } from 'node:events';
import { createServer, type IncomingMessage, request as requestHttp } from 'node:http';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { createChunk } from 'sluice/chunk';
import { createMemoryLog } from 'sluice/log/memory';
import { createRunRoutes } from 'sluice/node';
import { pipeline } from 'sluice/run';
import { createStreams } from 'sluice/streams';
import { rateLimits } from 'sluice/auth/rate-limits';
import { describe, expect, it } from 'vitest';
import { approval, eventsIn, runStage, shout } from './run-stage.js';

const start = runStage();

const told = [
  'pipeline_start',
  'step_start',
  'step_progress',
  'step_output',
  'step_complete',
  'step_start',
  'step_complete',
  'pipeline_complete',
];

/** Everything a WebSocket says, and how it ends. */
async function watched(url: string): Promise<{ messages: unknown[]; code: number; reason: string }> {
  const socket = new WebSocket(url.replace('http', 'ws'));
  const messages: unknown[] = [];
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString())));
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return { messages, code, reason: reason.toString() };
}

/** How a handshake is refused. */
async function refused(url: string, headers: Record<string, string> = {}): Promise<{ status: number; body: unknown }> {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers });
  socket.on('error', () => {});
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  let text = '';
  for await (const part of response) text += part;
  return { status: response.statusCode!, body: JSON.parse(text) };
}

describe('runRoutes', () => {
  it('starts a run, shows it over SSE and WebSocket, and says what became of it', async () => {
    const { server, ask } = await start();
    const begun = await ask('POST', '/v1/runs', { pipeline: 'shout', input: 'hi', executionId: 'one', session: 's' });
    expect([begun.status, begun.json]).toEqual([201, { executionId: 'one' }]);
    const overSse = await ask('GET', '/stream/pipeline/one');
    expect(overSse.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const events = eventsIn(overSse.text);
    expect(events.map(({ event }) => event)).toEqual([...told, 'end']);
    expect(events.slice(0, -1).map(({ id }) => id)).toEqual(told.map((_, i) => i));
    expect(events[1]!.data).toEqual({
      event_type: 'step_start',
      execution_id: 'one',
      step_id: 'spell',
      timestamp: expect.any(Number) as unknown,
      data: { attempt: 1 },
    });
    const overSocket = await watched(`${server.url}/ws/pipeline/one`);
    expect(overSocket).toEqual({
      messages: events.slice(0, -1).map(({ data }) => data),
      code: 1000,
      reason: 'the run has ended',
    });
    expect((await ask('GET', '/v1/runs/one')).json).toMatchObject({
      executionId: 'one',
      pipeline: 'shout',
      status: 'completed',
      output: 'HI',
    });
    expect((await ask('GET', '/v1/runs')).json).toEqual({
      runs: [expect.objectContaining({ executionId: 'one', pipeline: 'shout', status: 'completed' })],
    });
    expect((await server.runs.info('one'))?.status).toBe('completed');
  });

  it('lists the runs that are asked for, a page at a time', async () => {
    const { ask } = await start();
    for (const [pipeline, executionId] of [
      ['shout', 'one'],
      ['approval', 'two'],
      ['approval', 'three'],
    ]) {
      await ask('POST', '/v1/runs', { pipeline, input: 'x', executionId });
    }
    const list = async (query: string) => {
      const { json } = await ask('GET', `/v1/runs${query}`);
      const { runs, next } = json as { runs: { executionId: string }[]; next?: string };
      return { ids: runs.map(({ executionId }) => executionId).toSorted(), next };
    };
    await expect.poll(async () => (await list('?status=waiting')).ids).toEqual(['three', 'two']);
    await expect.poll(async () => (await list('?status=completed,failed')).ids).toEqual(['one']);
    expect((await list('?pipeline=approval')).ids).toEqual(['three', 'two']);
    const first = await list('?limit=2');
    const second = await list(`?limit=2&after=${first.next}`);
    expect([...first.ids, ...second.ids].toSorted()).toEqual(['one', 'three', 'two']);
    expect(second.next).toBeUndefined();
    expect(await ask('GET', '/v1/runs?status=happy')).toMatchObject({ status: 400, json: { field: 'status' } });
  });

  it('shows what is asked for, and goes on behind the last event seen', async () => {
    const { server, ask } = await start();
    await ask('POST', '/v1/runs', { pipeline: 'shout', input: 'hi', executionId: 'one' });
    const names = async (query: string, headers = {}) =>
      eventsIn((await ask('GET', `/stream/pipeline/one${query}`, undefined, headers)).text).map(({ event }) => event);
    expect(await names('?types=step_start,pipeline_complete')).toEqual([
      'step_start',
      'step_start',
      'pipeline_complete',
      'end',
    ]);
    expect(await names('?steps=raise&types=step_complete')).toEqual(['step_complete', 'end']);
    expect(await names('', { 'last-event-id': '5' })).toEqual([...told.slice(6), 'end']);
    expect((await watched(`${server.url}/ws/pipeline/one?types=step_complete&steps=spell`)).messages).toEqual([
      expect.objectContaining({ step_id: 'spell', data: expect.objectContaining({ output: 'hi' }) as unknown }),
    ]);
    expect((await watched(`${server.url}/ws/pipeline/one?from=7`)).messages).toHaveLength(1);
    expect((await ask('GET', '/stream/pipeline/one', undefined, { 'last-event-id': '7' })).status).toBe(204);
  });

  it('shows a run that goes on, answers it, and refuses a second answer', async () => {
    const { server, ask } = await start();
    await ask('POST', '/v1/runs', { pipeline: 'approval', input: 'go?', executionId: 'ask' });
    const live = watched(`${server.url}/ws/pipeline/ask`);
    await expect
      .poll(async () => (await ask('GET', '/v1/runs/ask')).json)
      .toMatchObject({ status: 'waiting', waiting: [{ step: 'ask', name: 'yes' }] });
    const answer = { name: 'yes', value: { ok: true }, step: 'ask' };
    expect((await ask('POST', '/v1/runs/ask/input', answer)).status).toBe(202);
    const again = await ask('POST', '/v1/runs/ask/input', answer);
    expect([again.status, again.json]).toMatchObject([409, { code: 'answer-refused' }]);
    expect((await live).messages.at(-1)).toMatchObject({
      event_type: 'pipeline_complete',
      data: { output: { ok: true } },
    });
  });

  it('lets answer who may', async () => {
    const { server, ask } = await start({ who: ({ headers }) => headers['x-user']?.toString() });
    await ask('POST', '/v1/runs', { pipeline: 'for-ann', executionId: 'ann' });
    await expect.poll(async () => (await server.runs.info('ann'))?.status).toBe('waiting');
    const answer = async (user: string) =>
      (await ask('POST', '/v1/runs/ann/input', { name: 'yes', value: 1 }, { 'x-user': user })).status;
    expect([await answer('bob'), await answer('ann'), await answer('ann')]).toEqual([409, 202, 409]);
  });

  it('cancels a run, and again, and behind its end', async () => {
    const { server, ask } = await start();
    await ask('POST', '/v1/runs', { pipeline: 'approval', executionId: 'off' });
    const live = watched(`${server.url}/ws/pipeline/off`);
    expect((await ask('POST', '/v1/runs/off/cancel', { reason: 'enough' })).status).toBe(202);
    expect((await live).messages.at(-1)).toMatchObject({
      event_type: 'pipeline_cancelled',
      data: { reason: 'enough' },
    });
    expect((await ask('POST', '/v1/runs/off/cancel')).status).toBe(202);
    expect((await ask('GET', '/v1/runs/off')).json).toMatchObject({ status: 'cancelled', reason: 'enough' });
  });

  it.each([
    ['POST', '/v1/runs', '{', 400, { code: 'frame-malformed' }],
    ['POST', '/v1/runs', {}, 400, { field: 'pipeline' }],
    ['POST', '/v1/runs', { pipeline: 7 }, 400, { field: 'pipeline', message: expect.stringContaining('got a number') }],
    ['POST', '/v1/runs', { pipeline: 'none' }, 400, { code: 'pipeline-invalid', field: 'pipeline' }],
    ['POST', '/v1/runs', { pipeline: 'shout', executionId: 'a/b' }, 400, { field: 'executionId' }],
    ['POST', '/v1/runs', { pipeline: 'shout', more: 1 }, 400, { message: expect.stringContaining('more') }],
    ['GET', '/v1/runs/none', undefined, 404, { code: 'run-not-found' }],
    ['GET', '/v1/runs/%ff', undefined, 400, { field: 'executionId' }],
    ['POST', '/v1/runs/none/cancel', {}, 404, { code: 'run-not-found' }],
    ['POST', '/v1/runs/none/cancel', { reason: 1 }, 400, { field: 'reason' }],
    ['POST', '/v1/runs/none/input', { name: 'x', value: 1 }, 404, { code: 'run-not-found' }],
    ['POST', '/v1/runs/none/input', { name: 'x' }, 400, { field: 'value' }],
    ['GET', '/stream/pipeline/none', undefined, 404, { code: 'run-not-found' }],
    ['GET', '/stream/pipeline/', undefined, 400, { field: 'executionId' }],
    ['GET', '/stream/pipeline/a/b', undefined, 400, { field: 'executionId' }],
    ['GET', '/stream/pipeline/a?types=', undefined, 400, { field: 'types' }],
    ['GET', '/stream/pipeline/a?from=snapshot', undefined, 400, { field: 'from' }],
    ['PUT', '/v1/runs', undefined, 405, { field: 'method', message: 'the method must be GET or POST' }],
    ['GET', '/v1/runs/a/b', undefined, 404, { code: 'not-found' }],
    ['GET', '/v1/runs/a/input/c', undefined, 404, { code: 'not-found' }],
  ])('answers %s %s %j with %i', async (method, path, body, status, told) => {
    const { ask } = await start();
    const answer = await ask(method, path, body);
    expect([answer.status, answer.json]).toMatchObject([status, told]);
  });

  it('takes bodies of a bounded length', async () => {
    const { ask } = await start({ maxBodyBytes: 1000 });
    const { status, json } = await ask('POST', '/v1/runs', { pipeline: 'shout', input: 'x'.repeat(2000) });
    expect([status, json]).toMatchObject([413, { code: 'frame-too-large' }]);
    expect((await ask('POST', '/v1/runs', { pipeline: 'shout', input: 'x' })).status).toBe(201);
  });

  it('does not start a run twice under one id', async () => {
    const { ask } = await start();
    const body = { pipeline: 'shout', input: 'a', executionId: 'one' };
    expect((await ask('POST', '/v1/runs', body)).status).toBe(201);
    const again = await ask('POST', '/v1/runs', body);
    expect([again.status, again.json]).toMatchObject([409, { code: 'stream-exists' }]);
  });

  it('takes JSON and nothing else', async () => {
    const { ask } = await start();
    const form = await ask('POST', '/v1/runs', 'pipeline=shout', { 'content-type': 'text/plain' });
    expect([form.status, form.json]).toMatchObject([415, { message: expect.stringContaining('"text/plain"') }]);
    const charset = { 'content-type': 'Application/JSON; charset=utf-8' };
    expect((await ask('POST', '/v1/runs', { pipeline: 'shout', input: 'a' }, charset)).status).toBe(201);
  });

  it('is closed to pages of other hosts, but those that may come', async () => {
    const { server, ask } = await start({}, { origins: ['https://friend.example'] });
    await ask('POST', '/v1/runs', { pipeline: 'shout', input: 'a', executionId: 'one' });
    const from = (origin: string) => ({ origin });
    const stranger = from('https://stranger.example');
    for (const path of ['/v1/runs', '/v1/runs/one', '/stream/pipeline/one']) {
      expect((await ask('GET', path, undefined, stranger)).status).toBe(403);
    }
    expect((await ask('POST', '/v1/runs/one/cancel', undefined, stranger)).status).toBe(403);
    expect(await refused(`${server.url}/ws/pipeline/one`, stranger)).toMatchObject({ status: 403 });
    const friend = await ask('GET', '/v1/runs/one', undefined, from('https://friend.example'));
    expect([friend.status, friend.headers.get('access-control-allow-origin')]).toEqual([200, 'https://friend.example']);
    const asks = await ask('OPTIONS', '/v1/runs', undefined, from('https://friend.example'));
    expect([asks.status, asks.headers.get('access-control-allow-methods')]).toEqual([204, 'GET, POST']);
  });

  it('refuses a WebSocket before there is one', async () => {
    const { server } = await start();
    const at = (path: string) => refused(`${server.url}/ws/pipeline/${path}`);
    expect(await at('none')).toMatchObject({ status: 404, body: { code: 'run-not-found' } });
    expect(await at('%ff')).toMatchObject({ status: 400, body: { field: 'executionId' } });
    expect(await at('a?steps=,')).toMatchObject({ status: 400, body: { field: 'steps' } });
  });

  it('counts what is written to runs', async () => {
    const { server, ask } = await start({}, { quotas: rateLimits({ chunks: { amount: 2, perMs: 60_000 } }) });
    const begun = { pipeline: 'approval', input: 'x', executionId: 'one' };
    expect((await ask('POST', '/v1/runs', begun)).status).toBe(201);
    await expect.poll(async () => (await server.runs.info('one'))?.status).toBe('waiting');
    expect((await ask('POST', '/v1/runs/one/input', { name: 'yes', value: 1 })).status).toBe(202);
    const refused = await ask('POST', '/v1/runs', { ...begun, executionId: 'two' });
    expect([refused.status, refused.json]).toEqual([429, expect.objectContaining({ code: 'rate-limited' })]);
    expect(refused.headers.has('retry-after')).toBe(true);
    expect((await ask('POST', '/v1/runs/one/input', { name: 'yes', value: 2 })).status).toBe(429);
    expect([await server.runs.info('two'), server.refusals.read().rate]).toEqual([undefined, 2]);
  });

  it('has bounds for what goes on and for who watches', async () => {
    const { server, ask } = await start({ maxRuns: 1, maxWatching: 1 });
    expect((await ask('POST', '/v1/runs', { pipeline: 'approval', executionId: 'one' })).status).toBe(201);
    expect((await ask('POST', '/v1/runs', { pipeline: 'approval' })).json).toMatchObject({ code: 'limit-reached' });
    const first = await fetch(`${server.url}/stream/pipeline/one`);
    expect((await ask('GET', '/stream/pipeline/one')).status).toBe(429);
    expect(await refused(`${server.url}/ws/pipeline/one`)).toMatchObject({ status: 429 });
    await ask('POST', '/v1/runs/one/cancel');
    await first.text();
    await expect.poll(async () => (await ask('POST', '/v1/runs', { pipeline: 'shout', input: 'a' })).status).toBe(201);
  });

  it('says nothing of errors that are none of ours, and tells what is no run', async () => {
    const { server, ask } = await start();
    await server.streams.publish('runs/odd', [createChunk({ streamId: 'any', seq: 0, data: 'no event' })]);
    expect([(await ask('GET', '/v1/runs/odd')).status]).toEqual([500]);
    expect((await watched(`${server.url}/ws/pipeline/odd`)).code).toBe(1011);
    // The answer breaks off: its end would be a lie.
    await expect(ask('GET', '/stream/pipeline/odd')).rejects.toThrow('terminated');
    expect((await ask('GET', '/v1/runs')).json).toMatchObject({ runs: [{ executionId: 'odd', status: 'running' }] });
    await server.streams.close('runs/odd', 'failed', 'producer-lost');
    expect((await ask('GET', '/v1/runs')).json).toMatchObject({ runs: [{ executionId: 'odd', status: 'lost' }] });
  });

  it('tells who watches that the server goes away', async () => {
    const { server, ask } = await start();
    await ask('POST', '/v1/runs', { pipeline: 'approval', executionId: 'one' });
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws/pipeline/one`);
    await once(socket, 'message');
    const closed = once(socket, 'close');
    await server.close();
    expect((await closed)[0]).toBe(1001);
  });

  it('survives who sends half a body, or no WebSocket at all', async () => {
    const { server, ask } = await start();
    const half = requestHttp(`${server.url}/v1/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': '100' },
    });
    half.on('error', () => {});
    half.write('{');
    await once(half, 'socket');
    half.destroy();
    const raw = connect(server.port, '127.0.0.1');
    raw.write('GET /ws/pipeline/none HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
    const [answer] = (await once(raw, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    raw.destroy();
    expect((await ask('GET', '/v1/runs')).status).toBe(200);
  });

  it('serves a server of your own, and leaves other paths to it', async () => {
    const streams = createStreams({ log: createMemoryLog() });
    const routes = createRunRoutes({ streams, pipelines: [shout] });
    const http = createServer((request, response) => {
      if (!routes.handle(request, response)) response.end('mine');
    });
    http.on('upgrade', (request, socket, head) => {
      if (!routes.upgrade(request, socket, head)) socket.destroy();
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const url = `http://127.0.0.1:${(http.address() as { port: number }).port}`;
    await routes.runs.start(shout, 'x', { executionId: 'one' }).result;
    expect((await watched(`${url}/ws/pipeline/one`)).code).toBe(1000);
    expect(await (await fetch(`${url}/other`)).text()).toBe('mine');
    const lost = new WebSocket(url.replace('http', 'ws'));
    await once(lost, 'error');
    routes.dispose();
    http.closeAllConnections();
    http.close();
    await streams.dispose();
  });

  it('refuses pipelines that cannot be', () => {
    const streams = createStreams({ log: createMemoryLog() });
    expect(() => createRunRoutes({ streams, pipelines: [approval, approval] })).toThrow('two pipelines have the name');
    const needy = pipeline<string, { llm: unknown }>('needy', { needs: ['llm'] });
    expect(() => createRunRoutes({ streams, pipelines: [needy] })).toThrow('llm');
  });
});
