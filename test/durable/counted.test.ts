import { describe, expect, it } from 'vitest';
import type { Outflow } from 'sluice/durable';
import { createRefusals } from 'sluice/probe';
import type { Quotas } from '../../src/auth/quotas.js';
import { SharedBytes } from '../../src/durable/shared-bytes.js';
import { type Ask, open, put } from './who-asks.js';

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

describe('Counted', () => {
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
      'address 0:0:0:0::/64 bytes 0',
      'ann bytes 4',
      'ann chunks 1',
      'ann readBytes 4',
      'ann readBytes 4',
      'address nowhere bytes 4',
    ]);
  });

  it('counts each message of a body as a chunk, and keeps none of those that are too many', async () => {
    const refusals = createRefusals();
    const spent: string[] = [];
    let left = 6;
    const quotas: Quotas = {
      hold: () => true,
      release: () => {},
      spend: async (key, what, amount) => {
        if (what !== 'chunks') return undefined;
        spent.push(`${key} ${amount}`);
        left -= amount;
        return await Promise.resolve(left < 0 ? 1500 : undefined);
      },
    };
    const { ask, status, streams } = open({ quotas, refusals });
    const json = { headers: { 'content-type': 'application/json' }, as: 'ann' };
    expect(await status('a', { ...json, method: 'PUT', body: '[1,2]' })).toBe(201);
    expect(await status('a', { ...json, method: 'POST', body: '[3,4,5]' })).toBe(204);
    const refused = await ask('a', { ...json, method: 'POST', body: '[6,7]' });
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '2']);
    // A copy is made of chunks, too.
    const fork = { ...json, method: 'PUT', headers: { 'stream-forked-from': '/v1/stream/a' } };
    expect(await status('b', fork)).toBe(429);
    expect(await status('c', { ...json, method: 'PUT', body: '[1]' })).toBe(429);
    expect(spent).toEqual(['ann 2', 'ann 3', 'ann 2', 'ann 5', 'ann 1']);
    expect([(await streams.info('a'))?.next, await streams.info('b'), await streams.info('c')]).toEqual([
      5,
      undefined,
      undefined,
    ]);
    expect(refusals.read().rate).toBe(3);
  });

  it('counts who has read what he may', async () => {
    const refusals = createRefusals();
    const { ask, status } = open({ quotas: few(10).quotas, access: undefined!, refusals });
    await ask('a', { ...put, body: 'x'.repeat(8) });
    expect([await status('a?offset=-1'), refusals.read().budget]).toEqual([429, 1]);
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

  it('hands on what many answers carry as such, and counts it', async () => {
    const { quotas, spent } = few(1000);
    const { ask } = open({ quotas, access: undefined! });
    await ask('a', put);
    const body = (await ask('a?offset=-1&live=sse', { as: 'ann' })).body as Outflow;
    const shared: SharedBytes[] = [];
    const sink = {
      write: () => true,
      share(this: unknown, part: SharedBytes) {
        expect(this).toBe(sink);
        shared.push(part);
        return true;
      },
      end: () => {},
      abort: () => {},
    };
    spent.length = 0;
    body.start(sink);
    await expect.poll(() => shared.length).toBe(1);
    expect(shared[0]).toBeInstanceOf(SharedBytes);
    await expect.poll(() => spent).toEqual([`ann readBytes ${shared[0]!.bytes.length}`]);
    body.closed();
  });

  it('counts neighbours in a network together, where nobody is asked who he is', async () => {
    const { quotas, spent } = few(1000);
    const { ask } = open({ quotas, access: undefined! });
    await ask('a', { ...put, address: '2001:db8::1' });
    await ask('b', { ...put, address: '2001:db8::2' });
    await ask('c', { ...put, address: '::ffff:192.0.2.1' });
    expect(spent).toEqual([
      'address 2001:db8:0:0::/64 bytes 0',
      'address 2001:db8:0:0::/64 bytes 0',
      'address 192.0.2.1 bytes 0',
    ]);
  });
});
