import { describe, expect, it } from 'vitest';
import { createDurableStreams } from '../../src/durable/durable-streams.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { createStreams } from '../../src/streams/index.js';
import { encoded, json, lab, requestFor, textOf } from './lab.js';

describe('createDurableStreams', () => {
  it.each([
    [{ longPollTimeoutMs: 0 }, 'longPollTimeoutMs'],
    [{ eventStreamMs: NaN }, 'eventStreamMs'],
    [{ heartbeatMs: -1 }, 'heartbeatMs'],
    [{ maxBodyBytes: 0.5 }, 'maxBodyBytes'],
    [{ maxPendingBytes: 0 }, 'maxPendingBytes'],
    [{ maxMessages: 0 }, 'maxMessages'],
    [{ cache: 'all' as never }, 'cache must be "public" or "private"'],
  ])('refuses %j', (options, message) => {
    const streams = createStreams({ log: createMemoryLog() });
    expect(() => createDurableStreams({ streams, ...options })).toThrow(message);
  });

  it.each([
    ['PATCH', 'a', 405],
    ['GET', 'nothing', 404],
    ['HEAD', 'nothing', 404],
    ['POST', 'nothing', 404],
    ['DELETE', 'nothing', 404],
    ['GET', '', 400],
    ['PUT', '%2e%2e/etc', 400],
    ['PUT', 'a%00b', 400],
    ['PUT', 'a%0d%0aset-cookie:x', 400],
    ['GET', '%e0%a4%a', 400],
    ['PUT', 'x'.repeat(600), 400],
    ['PUT', '__ds/a', 501],
    ['GET', '__ds', 501],
    ['PUT', '__ds%2Fsubscriptions%2Fx', 403],
    ['GET', '__ds%2Fjwks.json', 403],
    ['POST', '%5F%5Fds/subscriptions/x/ack', 403],
    ['PUT', '%5F_ds', 403],
    ['PUT', 'sluice/leases', 403],
    ['POST', 'sluice/server/forks', 403],
    ['DELETE', 'sluice/snapshots/x', 403],
  ])('answers %s %s with %i', async (method, target, status) => {
    const { ask } = lab();
    const reply = await ask(method, target, { headers: { 'content-type': 'text/plain' }, body: 'x' });
    expect(reply.status).toBe(status);
    if (method !== 'HEAD') expect(JSON.parse(textOf(reply))).toHaveProperty('message');
    if (status === 405) expect(reply.headers).toHaveProperty('allow');
  });

  it('has nothing outside its root', async () => {
    const { durable } = lab();
    const request = { ...requestFor('GET', 'a'), target: '/v1/streams/a' };
    expect((await durable.handle(request)).status).toBe(404);
  });

  it('deletes a stream, and with forks of it keeps its name', async () => {
    const { put, ask, get } = lab();
    await put('a', { body: 'x' });
    await put('f', { headers: { 'stream-forked-from': '/v1/stream/a' } });
    expect((await ask('DELETE', 'a')).status).toBe(204);
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) expect((await ask(method, 'a')).status).toBe(410);
    expect(textOf(await get('f'))).toBe('x');
    expect((await ask('DELETE', 'f')).status).toBe(204);
    expect((await ask('DELETE', 'f')).status).toBe(404);
    expect((await get('a')).status).toBe(404);
  });

  it('deletes once, whoever asks at the same time', async () => {
    const { put, ask } = lab();
    await put('a');
    const replies = await Promise.all([ask('DELETE', 'a'), ask('DELETE', 'a')]);
    expect(replies.map(({ status }) => status)).toEqual([204, 404]);
  });

  it('refuses what is too much: bytes, messages, depth', async () => {
    const { put, post, ask } = lab({ maxBodyBytes: 30_000, maxMessages: 3 });
    await put('a');
    expect((await post('a', 'x'.repeat(30_001))).status).toBe(413);
    await ask('PUT', 'j', { headers: json });
    const send = async (body: string) => (await ask('POST', 'j', { headers: json, body })).status;
    expect(await send('[1,2,3,4]')).toBe(413);
    expect(await send('['.repeat(10_000) + ']'.repeat(10_000))).toBe(400);
    expect(await send('[1,2')).toBe(400);
    expect(await send('[1,2,3]')).toBe(204);
  });

  it('says when the log has no room, or takes no such chunk', async () => {
    const { put, post } = lab({}, { maxTotalBytes: 500, maxBytes: 400, maxStreams: 2 });
    await put('a');
    expect((await post('a', 'x'.repeat(500))).status).toBe(413);
    expect((await post('a', 'x'.repeat(250))).status).toBe(204);
    await put('b');
    expect((await post('b', 'x'.repeat(250))).status).toBe(507);
    expect((await put('c')).status).toBe(507);
  });

  it('shows chunks of another type, that came through another door, as what they are', async () => {
    const { put, log, content, ask } = lab();
    await put('a');
    log.append('a', [encoded({ a: 1 }), encoded('b')]);
    expect(await content('a')).toBe('{"a":1}b');
    await ask('PUT', 'j', { headers: json });
    log.append('j', [encoded('b'), encoded(Uint8Array.of(1))]);
    expect(await content('j')).toBe('["b","AQ=="]');
  });
});
