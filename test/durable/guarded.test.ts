import { describe, expect, it } from 'vitest';
import type { Principal } from 'sluice/auth/auth';
import { ownersAndScopes } from 'sluice/auth/owners-and-scopes';
import { createDurableStreams, type DurableRequest, type DurableStreamsOptions, type Outflow } from 'sluice/durable';
import { createMemoryLog } from 'sluice/log/memory';
import { createAccess, createStreams } from 'sluice/streams';
import type { Quotas } from '../../src/auth/quotas.js';

const root = 'http://localhost/v1/stream/';

interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly as?: string;
  readonly address?: string;
}

function requestOf(path: string, { method = 'GET', headers = {}, body = '', as, address }: Ask): DurableRequest {
  const principal: Principal | undefined = as === undefined ? undefined : { id: as };
  return {
    method,
    target: `/v1/stream/${path}`,
    root,
    principal,
    address,
    signal: new AbortController().signal,
    header: (name) => headers[name],
    body: async (admits) => {
      const bytes = new TextEncoder().encode(body);
      return await Promise.resolve(admits(bytes.length) ? bytes : undefined);
    },
  };
}

function open(options: Omit<DurableStreamsOptions, 'streams'> = {}) {
  const streams = createStreams({ log: createMemoryLog() });
  const access = createAccess({ streams, authorize: ownersAndScopes });
  const durable = createDurableStreams({ streams, access, ...options });
  const ask = async (path: string, wish: Ask = {}) => await durable.handle(requestOf(path, wish));
  const status = async (path: string, wish: Ask = {}) => (await ask(path, wish)).status;
  return { streams, durable, ask, status };
}

const put: Ask = { method: 'PUT', headers: { 'content-type': 'text/plain' } };

/** Quotas that have so much, and note what was used. */
function few(most: number) {
  const spent: string[] = [];
  let left = most;
  const quotas: Quotas = {
    hold: () => true,
    release: () => {},
    spend: async (key, what, amount) => {
      spent.push(`${key} ${what} ${amount}`);
      left -= amount;
      return await Promise.resolve(left < 0 ? 1500 : undefined);
    },
  };
  return { quotas, spent };
}

describe('Guarded', () => {
  it('lets everybody do what is his, and notes whose it is', async () => {
    const { status, streams, durable } = open();
    expect(await status('a', put)).toBe(401);
    expect(await status('a', { ...put, as: 'ann' })).toBe(201);
    expect((await streams.info('a'))?.metadata).toEqual({ 'sluice.owner': 'ann' });
    const post: Ask = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' };
    for (const wish of [{}, post, { method: 'HEAD' }, { method: 'DELETE' }, put]) {
      expect(await status('a', { ...wish, as: 'bob' }), JSON.stringify(wish)).toBe(403);
    }
    expect(await status('a', { ...post, as: 'ann' })).toBe(204);
    expect(await status('a?offset=-1', { as: 'ann' })).toBe(200);
    expect(await status('a', { method: 'DELETE', as: 'ann' })).toBe(204);
    durable.dispose();
  });

  it('says how to come again', async () => {
    const { ask } = open();
    expect((await ask('a')).headers).toMatchObject({ 'www-authenticate': 'Bearer' });
  });

  it('lets nobody fork what he may not read', async () => {
    const { status } = open();
    await status('a', { ...put, as: 'ann' });
    const fork: Ask = { method: 'PUT', headers: { 'stream-forked-from': '/v1/stream/a' } };
    expect([await status('b', { ...fork, as: 'bob' }), await status('b', { ...fork, as: 'ann' })]).toEqual([403, 201]);
    expect(await status('c', { method: 'PUT', headers: { 'stream-forked-from': '/elsewhere' }, as: 'bob' })).toBe(404);
  });

  it('shows its books to nobody, and subscriptions to who may do everything', async () => {
    const { status } = open();
    expect(await status('sluice/server/subscriptions', { as: 'ann' })).toBe(403);
    expect(await status('__ds/subscriptions/x', { as: 'ann' })).toBe(403);
    expect([await status('__ds/jwks.json'), await status('__ds/subscriptions/x/ack', { method: 'POST' })]).toEqual([
      501, 501,
    ]);
  });

  it('counts what is written and read, by who does it', async () => {
    const { quotas, spent } = few(10);
    const { status, ask, streams } = open({ quotas, access: undefined! });
    await status('a', { ...put, address: '::1' });
    const post: Ask = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'abcd' };
    expect(await status('a', { ...post, as: 'ann' })).toBe(204);
    expect(await status('a?offset=-1', { as: 'ann' })).toBe(200);
    const refused = await ask('a?offset=-1', { as: 'ann' });
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '2']);
    expect(await status('a', post)).toBe(429);
    expect((await streams.info('a'))?.next).toBe(1);
    expect(spent).toEqual([
      'address ::1 bytes 0',
      'ann bytes 4',
      'ann readBytes 4',
      'ann readBytes 4',
      'address nowhere bytes 4',
    ]);
  });

  it('goes on with an answer that cannot be counted', async () => {
    const { quotas } = few(1000);
    const { ask } = open({ quotas, access: undefined! });
    await ask('a', put);
    const body = (await ask('a?offset=-1&live=sse')).body as Outflow;
    quotas.spend = async () => await Promise.reject(new Error('no Redis'));
    const told: string[] = [];
    let written = 0;
    body.start({
      write: ({ length }) => {
        written += length;
        return true;
      },
      end: () => void told.push('end'),
      abort: () => void told.push('abort'),
    });
    await expect.poll(() => written).toBeGreaterThan(0);
    expect(told).toEqual([]);
    body.closed();
  });

  it('breaks an answer off that goes on for longer than somebody may read', async () => {
    const { quotas } = few(100);
    const { ask, streams } = open({ quotas, access: undefined! });
    await ask('a', put);
    const post: Ask = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x'.repeat(60) };
    const body = (await ask('a?offset=-1&live=sse')).body as Outflow;
    const told: string[] = [];
    body.start({ write: () => true, end: () => void told.push('end'), abort: () => void told.push('abort') });
    await ask('a', post);
    await expect.poll(() => told).toContain('abort');
    expect(told).not.toContain('end');
    body.drained();
    body.closed();
    expect((await ask('a?offset=-1&live=sse')).status).toBe(429);
    await streams.dispose();
  });
});
