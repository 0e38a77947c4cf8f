import { describe, expect, it } from 'vitest';
import { ownersAndScopes } from '../../src/auth/owners-and-scopes.js';
import { StreamError } from '../../src/chunk/index.js';
import { createDurableStreams } from '../../src/durable/durable-streams.js';
import { webHandler } from '../../src/durable/web-handler.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { createAccess, createStreams } from '../../src/streams/index.js';
import { until } from '../servers/until.js';
import { encoded, watchersOf } from './lab.js';

function stage(maxBodyBytes = 1 << 20) {
  const log = createMemoryLog();
  const watching = watchersOf(log);
  const streams = createStreams({ log });
  const durable = createDurableStreams({ streams, maxBodyBytes });
  const handle = webHandler(durable, { path: '/s/', origins: ['https://good.test'] });
  const send = (method: string, target: string, body?: BodyInit, headers: Record<string, string> = {}) =>
    handle(
      new Request(`https://here.test/s/${target}`, {
        method,
        headers: { 'content-type': 'text/plain', ...headers },
        ...(body === undefined ? {} : { body, duplex: 'half' }),
      } as RequestInit),
    );
  return { log, streams, durable, send, watching };
}

describe('webHandler', () => {
  it('answers requests with responses', async () => {
    const { send } = stage();
    const made = await send('PUT', 'a', 'hello');
    expect([made.status, made.headers.get('location')]).toEqual([201, 'https://here.test/s/a']);
    expect(await (await send('GET', 'a')).text()).toBe('hello');
    const head = await send('HEAD', 'a');
    expect([head.status, head.body]).toEqual([200, null]);
    expect((await send('POST', 'a', ' there')).status).toBe(204);
    expect((await send('GET', 'a?offset=0000000000000001')).headers.get('x-content-type-options')).toBe('nosniff');
    expect((await send('GET', '%2e%2e%2fa')).status).toBe(400);
  });

  it('lets pages in that may come', async () => {
    const { send } = stage();
    expect((await send('GET', 'a', undefined, { origin: 'https://bad.test' })).status).toBe(403);
    expect(
      (await send('PUT', 'a', 'x', { origin: 'https://good.test' })).headers.get('access-control-allow-origin'),
    ).toBe('https://good.test');
    expect((await send('OPTIONS', 'a')).status).toBe(204);
  });

  it('stops receiving a body that is too long', async () => {
    const { send } = stage(100);
    await send('PUT', 'a');
    let pulled = 0;
    const endless = new ReadableStream({
      pull: (controller) => {
        pulled++;
        controller.enqueue(new Uint8Array(60));
      },
    });
    expect((await send('POST', 'a', endless, { 'transfer-encoding': 'chunked' })).status).toBe(413);
    expect(pulled).toBeLessThan(10);
  });

  it('shows a long stream as its reader takes it', async () => {
    const { send, log } = stage();
    await send('PUT', 'a');
    log.append(
      'a',
      Array.from({ length: 20_000 }, (_, n) => encoded(`<${n}>`)),
    );
    const whole = await (await send('GET', 'a')).text();
    expect([whole.slice(0, 6), whole.endsWith('<19999>')]).toEqual(['<0><1>', true]);
    const broken = await send('GET', 'a');
    log.delete('a');
    await expect(broken.text()).rejects.toThrow('broken off');
  });

  it('follows, until its reader leaves or the server ends it', async () => {
    const { send, streams, watching, durable } = stage();
    await send('PUT', 'a');
    const follow = async () =>
      (await send('GET', 'a?offset=-1&live=sse')).body!.pipeThrough(new TextDecoderStream()).getReader();
    const [leaving, staying] = [await follow(), await follow()];
    await leaving.read();
    await staying.read();
    await leaving.cancel();
    await streams.append('a', [encoded('one')]);
    expect((await staying.read()).value).toContain('data:one');
    durable.dispose();
    expect((await staying.read()).done).toBe(true);
    await until('nobody watches', () => watching() === 0);
  });

  it('asks who comes, where it is told to, and counts how often', async () => {
    const spent: string[] = [];
    const streams = createStreams({ log: createMemoryLog() });
    const access = createAccess({ streams, authorize: ownersAndScopes });
    const handle = webHandler(createDurableStreams({ streams, access }), {
      authenticate: ({ header, method, target, address }) => {
        const name = header('authorization');
        if (name === 'liar') throw new StreamError('unauthenticated', `${method} ${target} ${address}`);
        return name === undefined ? undefined : { id: name };
      },
      quotas: {
        spend: async (key, what, amount) => {
          spent.push(`${key} ${what} ${amount}`);
          return await Promise.resolve(spent.length > 4 ? 1500 : undefined);
        },
      },
      address: (request) => request.headers.get('x-forwarded-for') ?? undefined,
    });
    const ask = (method: string, name?: string) => {
      const headers = { 'x-forwarded-for': '2001:db8::1', ...(name === undefined ? {} : { authorization: name }) };
      return handle(new Request('https://here.test/v1/stream/a', { method, headers }));
    };
    expect([(await ask('PUT')).status, (await ask('PUT', 'ann')).status, (await ask('GET', 'bob')).status]).toEqual([
      401, 201, 403,
    ]);
    const refused = await ask('GET', 'liar');
    expect([refused.status, refused.headers.get('www-authenticate'), await refused.json()]).toEqual([
      401,
      'Bearer',
      { code: 'unauthenticated', message: 'GET /v1/stream/a 2001:db8::1' },
    ]);
    const head = await ask('HEAD', 'liar');
    expect([head.status, head.body]).toEqual([401, null]);
    expect((await ask('GET', 'ann')).status).toBe(200);
    const late = await ask('GET', 'ann');
    expect([late.status, late.headers.get('retry-after')]).toEqual([429, '2']);
    expect(spent.slice(0, 3)).toEqual(['address 2001:db8:0:0::/64 requests 1', 'ann requests 1', 'bob requests 1']);
    expect((await streams.info('a'))?.metadata).toEqual({ 'sluice.owner': 'ann' });
  });
});
