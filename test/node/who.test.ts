import { WebSocket } from 'ws';
import { describe, expect, it } from 'vitest';
import { anyOf } from 'sluice/auth/any-of';
import { rateLimits } from 'sluice/auth/rate-limits';
import { signedStreams, signStream } from 'sluice/auth/signed-streams';
import { createChunk } from 'sluice/chunk';
import { createClient } from 'sluice/client';
import type { Server } from 'sluice/node';
import { pipeline } from 'sluice/run';
import { createSseTransport } from 'sluice/transport/sse/client';
import { createWebSocketTransport } from 'sluice/transport/websocket/client';
import { as, authenticate, keys, serveAsking } from './who-stage.js';

const chunk = (data: string) => createChunk({ streamId: 'any', seq: 0, data });
const clientOf = (server: Server, name: keyof typeof keys) =>
  createClient({ transport: createWebSocketTransport({ url: server.url, WebSocket }), token: () => keys[name] });

async function statusOf(
  server: Server,
  path: string,
  name?: keyof typeof keys,
  init: RequestInit = {},
): Promise<number> {
  const headers = { ...(name === undefined ? {} : as(name)), ...init.headers };
  const response = await fetch(server.url + path, { ...init, headers });
  await response.body?.cancel();
  return response.status;
}

const everybody = async (server: Server, path: string, init: RequestInit = {}) => {
  const all = [];
  for (const name of [undefined, 'bob', 'ann', 'boss'] as const) all.push(await statusOf(server, path, name, init));
  return all;
};

describe('a server that asks who comes', () => {
  it('gives what somebody wrote over a WebSocket to him alone, whatever door it is asked for at', async () => {
    const server = await serveAsking();
    const [ann, bob] = [clientOf(server, 'ann'), clientOf(server, 'bob')];
    await ann.publish('notes', [chunk('mine')], { close: { status: 'completed' } });
    const read = async (client: typeof ann) => {
      const got: unknown[] = [];
      for await (const { data } of client.read('notes')) got.push(data);
      return got;
    };
    expect(await read(ann)).toEqual(['mine']);
    await expect(read(bob)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(bob.publish('notes', [chunk('his')])).rejects.toMatchObject({ code: 'forbidden' });
    for (const path of ['/streams/notes', '/sse/notes', '/v1/stream/notes']) {
      expect(await everybody(server, path), path).toEqual([401, 403, 200, 200]);
    }
    expect(await everybody(server, '/v1/stream/notes', { method: 'DELETE' })).toEqual([401, 403, 204, 404]);
    ann.close();
    bob.close();
  });

  it('lets somebody create as many streams as he may', async () => {
    const server = await serveAsking({ quotas: rateLimits({ streams: { amount: 2, perMs: 60_000 } }) });
    const put = { method: 'PUT', headers: { 'content-type': 'text/plain' } };
    const statuses = [];
    for (const name of ['a', 'b', 'b', 'c']) statuses.push(await statusOf(server, `/v1/stream/${name}`, 'ann', put));
    expect([...statuses, await statusOf(server, '/v1/stream/d', 'bob', put)]).toEqual([201, 201, 200, 429, 201]);
  });

  it('gives what somebody made over HTTP to him alone', async () => {
    const server = await serveAsking();
    const put = { method: 'PUT', headers: { 'content-type': 'text/plain' } };
    expect(await statusOf(server, '/v1/stream/a', 'ann', put)).toBe(201);
    expect((await server.streams.info('a'))?.metadata).toEqual({ 'sluice.owner': 'ann' });
    expect(await everybody(server, '/v1/stream/a', put)).toEqual([401, 403, 200, 200]);
    const post = { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } };
    expect(await everybody(server, '/v1/stream/a', post)).toEqual([401, 403, 204, 204]);
    const fork = { method: 'PUT', headers: { 'stream-forked-from': '/v1/stream/a' } };
    expect(await statusOf(server, '/v1/stream/b', 'bob', fork)).toBe(403);
    expect(await statusOf(server, '/v1/stream/b', 'ann', fork)).toBe(201);
    expect(await everybody(server, '/v1/stream/missing')).toEqual([401, 403, 403, 404]);
  });

  it('lists to everybody what he may see', async () => {
    const server = await serveAsking();
    await server.streams.create('plain');
    await server.streams.create('hers', { metadata: { 'sluice.owner': 'ann' } });
    const list = async (name: keyof typeof keys) => {
      const streams = (await (await fetch(`${server.url}/streams`, { headers: as(name) })).json()) as {
        streamId: string;
      }[];
      return streams.map(({ streamId }) => streamId).filter((streamId) => !streamId.startsWith('sluice/'));
    };
    expect([await list('ann'), await list('bob'), await list('boss')]).toEqual([['hers'], [], ['hers', 'plain']]);
    expect(await statusOf(server, '/streams')).toBe(401);
  });

  it('keeps its books to itself', async () => {
    const server = await serveAsking();
    await clientOf(server, 'ann').publish('x', []);
    for (const path of ['/streams/sluice/leases', '/v1/stream/sluice/leases', '/v1/stream/__ds/subscriptions/one']) {
      expect((await everybody(server, path)).slice(0, 3), path).toEqual([401, 403, 403]);
    }
    expect(await everybody(server, '/v1/stream/sluice/server/subscriptions')).toEqual([403, 403, 403, 403]);
    expect(await everybody(server, '/v1/stream/__ds/jwks.json')).toEqual([200, 200, 200, 200]);
    expect(await everybody(server, '/metrics')).toEqual([401, 403, 403, 200]);
    expect(await everybody(server, '/monitor/state')).toEqual([401, 403, 403, 200]);
    expect(await everybody(server, '/healthz')).toEqual([200, 200, 200, 200]);
  });

  it('lets a worker of a subscription show the token it was given with its work', async () => {
    const server = await serveAsking();
    const ask = async (path: string, method: string, body: unknown, authorization: string) => {
      const headers = { authorization, 'content-type': 'application/json' };
      const response = await fetch(`${server.url}/v1/stream/${path}`, { method, headers, body: JSON.stringify(body) });
      return {
        status: response.status,
        body: (await response.json().catch(() => undefined)) as Record<string, string>,
      };
    };
    const boss = as('boss').authorization;
    await ask('jobs', 'PUT', [], boss);
    await ask('wakes', 'PUT', [], boss);
    const made = { type: 'pull-wake', streams: ['jobs'], wake_stream: 'wakes' };
    expect((await ask('__ds/subscriptions/one', 'PUT', made, as('ann').authorization)).status).toBe(403);
    expect((await ask('__ds/subscriptions/one', 'PUT', made, boss)).status).toBe(201);
    await ask('jobs', 'POST', [{ n: 1 }], boss);
    const { body: work } = await ask('__ds/subscriptions/one/claim', 'POST', { worker: 'w' }, boss);
    const { wake_id, generation } = work;
    const done = { wake_id, generation, done: true };
    expect((await ask('__ds/subscriptions/one/ack', 'POST', done, 'Bearer wrong')).status).toBe(401);
    expect((await ask('__ds/subscriptions/one/ack', 'POST', done, `Bearer ${work['token']}`)).status).toBe(200);
  });

  it('gives a run to who started it, and its questions as well', async () => {
    const ask = pipeline<string>('ask').step('ask', async (_, { waitFor }) => await waitFor('name'));
    const server = await serveAsking({ runs: { pipelines: [ask] } });
    const post = (body: unknown) => ({
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
    expect(await everybody(server, '/v1/runs', post({ pipeline: 'ask', executionId: 'one' }))).toEqual([
      401, 201, 409, 409,
    ]);
    await expect.poll(async () => (await server.runs.info('one'))?.waiting.length).toBe(1);
    expect(await everybody(server, '/v1/runs/one')).toEqual([401, 200, 403, 200]);
    expect(await everybody(server, '/stream/pipeline/one')).toEqual([401, 200, 403, 200]);
    const runs = async (name: keyof typeof keys) => {
      const page = (await (await fetch(`${server.url}/v1/runs`, { headers: as(name) })).json()) as { runs: unknown[] };
      return page.runs.length;
    };
    expect([await runs('ann'), await runs('bob'), await runs('boss'), await statusOf(server, '/v1/runs')]).toEqual([
      0, 1, 1, 401,
    ]);
    const watch = async (name?: keyof typeof keys) =>
      await new Promise((resolve) => {
        const socket = new WebSocket(`${server.url}/ws/pipeline/one`, name === undefined ? {} : { headers: as(name) });
        socket.on('unexpected-response', (_, { statusCode }) => resolve(statusCode));
        socket.on('open', () => {
          socket.terminate();
          resolve('open');
        });
      });
    expect([await watch(), await watch('ann'), await watch('bob')]).toEqual([401, 403, 'open']);
    // Nor can an answer be forged by writing where it is kept.
    const ann = clientOf(server, 'ann');
    await expect(ann.publish('runs/one/inbox', [chunk('x')])).rejects.toMatchObject({ code: 'forbidden' });
    await expect(clientOf(server, 'bob').publish('runs/one/inbox', [chunk('x')])).rejects.toMatchObject({
      code: 'forbidden',
    });
    ann.close();
    const answer = post({ name: 'name', value: 'x' });
    expect(await statusOf(server, '/v1/runs/one/cancel', 'ann', post({}))).toBe(403);
    expect([
      await statusOf(server, '/v1/runs/one/input', 'ann', answer),
      await statusOf(server, '/v1/runs/one/input', 'bob', answer),
    ]).toEqual([403, 202]);
  });

  it('lets who can set no header read one stream, for a while, by its address', async () => {
    const key = { id: 'k', secret: 's'.repeat(32) };
    const server = await serveAsking({ authenticate: anyOf(authenticate, signedStreams({ keys: [key] })) });
    await server.streams.publish('a', [chunk('x')], { close: { status: 'completed' } });
    await server.streams.publish('b', [], { close: { status: 'completed' } });
    const access = signStream(key, { stream: 'a' });
    const body = await (await fetch(`${server.url}/streams/a?access=${access}`)).text();
    expect(body).toContain('"data":"x"');
    expect(await statusOf(server, `/streams/b?access=${access}`)).toBe(403);
    expect(await statusOf(server, `/v1/stream/a?offset=-1&access=${access}`)).toBe(200);
    expect(await statusOf(server, `/streams/a?access=${access}x`)).toBe(401);
    const short = signStream(key, { stream: 'quiet', ttlMs: 2000 });
    await server.streams.create('quiet');
    const events = await (await fetch(`${server.url}/streams/quiet?access=${short}`)).text();
    expect(events).toContain('event: error\ndata: {"code":"expired","message":"the time of the credentials is over"}');
  });

  it('is read over SSE by a client with a token', async () => {
    const server = await serveAsking();
    await server.streams.publish('hers', [chunk('x')], { close: { status: 'completed' } });
    const transport = createSseTransport({ url: server.url });
    const [boss, ann] = [
      createClient({ transport, token: () => keys.boss }),
      createClient({ transport, token: () => keys.ann }),
    ];
    const got: unknown[] = [];
    for await (const { data } of boss.read('hers')) got.push(data);
    expect(got).toEqual(['x']);
    await expect(ann.read('hers').next()).rejects.toMatchObject({ code: 'forbidden' });
    boss.close();
    ann.close();
  });

  it('cuts off who has read what he may, at every door', async () => {
    const quotas = rateLimits({ readBytes: { amount: 100, perMs: 60_000 } });
    const server = await serveAsking({ quotas });
    await server.streams.publish('a', [chunk('x'.repeat(80))]);
    const headers = as('boss');
    const live = await fetch(`${server.url}/v1/stream/a?offset=-1&live=sse`, { headers });
    const cut = live.text();
    await server.streams.publish('a', [chunk('y'.repeat(80))]);
    await expect(cut).rejects.toThrow();
    const whole = await fetch(`${server.url}/v1/stream/a?offset=-1`, { headers });
    expect([whole.status, whole.headers.has('retry-after')]).toEqual([429, true]);
    expect(await whole.json()).toMatchObject({ code: 'budget-exhausted' });
    const events = await fetch(`${server.url}/streams/a`, { headers });
    expect([events.status, await events.json()]).toEqual([
      429,
      expect.objectContaining({ code: 'budget-exhausted' }) as unknown,
    ]);
    const client = clientOf(server, 'boss');
    await expect(client.read('a').next()).rejects.toMatchObject({ code: 'budget-exhausted' });
    client.close();
    expect(server.refusals.read().budget).toBeGreaterThan(0);
  });

  it('takes no more over HTTP than somebody may write', async () => {
    const server = await serveAsking({ quotas: rateLimits({ bytes: { amount: 10, perMs: 60_000 } }) });
    const post = { method: 'POST', body: 'x'.repeat(8), headers: { 'content-type': 'text/plain' } };
    await statusOf(server, '/v1/stream/a', 'ann', { method: 'PUT', headers: { 'content-type': 'text/plain' } });
    expect([
      await statusOf(server, '/v1/stream/a', 'ann', post),
      await statusOf(server, '/v1/stream/a', 'ann', post),
    ]).toEqual([204, 429]);
    expect((await server.streams.info('a'))?.next).toBe(1);
  });

  it('listens where others reach it, and otherwise says what to do', async () => {
    const server = await serveAsking({ host: '0.0.0.0' });
    expect(await statusOf({ url: `http://127.0.0.1:${server.port}` } as Server, '/streams')).toBe(401);
    await expect(serveAsking({ host: '0.0.0.0', authenticate: undefined! })).rejects.toThrow(
      'host "0.0.0.0" is reachable from elsewhere and nothing is asked of who comes: hand over `authenticate`',
    );
  });
});
