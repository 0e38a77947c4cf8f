import { describe, expect, it } from 'vitest';
import { matches, readRead } from '../../src/durable/read.js';
import { VirtualTime } from '../virtual-time.js';
import { json, lab, textOf } from './lab.js';

const read = (query: string) => readRead(new URLSearchParams(query));
const place = (seq: number): string => `${seq}`.padStart(16, '0');

describe('readRead', () => {
  it('reads from where, and how', () => {
    expect(read('')).toEqual({ place: 'start', live: 'no', cursor: undefined });
    expect(read(`offset=${place(7)}&live=sse&cursor=12&other=1`)).toEqual({ place: 7, live: 'sse', cursor: 12 });
    for (const cursor of ['', 'x', '-1', '1e3', '9'.repeat(99)])
      expect(read(`cursor=${cursor}`).cursor).toBeUndefined();
  });

  it.each([
    'offset=',
    'offset=x',
    'offset=0%2C1',
    'offset=-1&offset=-1',
    'offset=%00',
    `offset=${'0'.repeat(5000)}`,
    'live=sse',
    'live=long-poll',
    'live=',
    'offset=-1&live=often',
    'offset=-1&live=sse&live=sse',
    'cursor=1&cursor=2',
  ])('refuses %s', (query) => {
    expect(() => read(query)).toThrow(expect.objectContaining({ status: 400 }) as Error);
  });
});

describe('matches', () => {
  it('knows a tag among others', () => {
    for (const condition of ['"a"', 'W/"a"', '"b", "a"', '*']) expect(matches(condition, '"a"')).toBe(true);
    for (const condition of [undefined, '', 'a', '"b"']) expect(matches(condition, '"a"')).toBe(false);
  });
});

describe('reading', () => {
  it('is the same until something changes, and then it is not', async () => {
    const { put, post, get } = lab();
    await put('a', { body: 'x' });
    const tags = new Set<string>();
    const look = async () => {
      const { headers } = await get('a');
      tags.add(headers['etag']!);
      return (await get('a', { headers: { 'if-none-match': headers['etag']! } })).status;
    };
    expect(await look()).toBe(304);
    await post('a', 'y');
    expect(await look()).toBe(304);
    await post('a', '', { 'stream-closed': 'true' });
    expect(await look()).toBe(304);
    expect(tags.size).toBe(3);
  });

  it('begins at any place, and says what is beyond them all', async () => {
    const { put, post, get, log } = lab();
    await put('a');
    for (const word of ['a', 'b', 'c']) await post('a', word);
    expect(textOf(await get(`a?offset=${place(1)}`))).toBe('bc');
    expect(textOf(await get(`a?offset=${place(3)}`))).toBe('');
    expect((await get(`a?offset=${place(4)}`)).status).toBe(400);
    log.trim('a', 2);
    expect((await get(`a?offset=${place(1)}`)).status).toBe(410);
    expect((await get(`a?offset=${place(1)}&live=sse`)).status).toBe(410);
    expect(textOf(await get('a'))).toBe('c');
    const now = await get('a?offset=now');
    expect(now.headers).toMatchObject({ 'cache-control': 'no-store', 'stream-next-offset': place(3) });
    expect([textOf(now), now.headers['etag']]).toEqual(['', undefined]);
  });

  it('shows JSON as an array, also an empty one', async () => {
    const { ask, get } = lab();
    await ask('PUT', 'a', { headers: json });
    expect(textOf(await get('a'))).toBe('[]');
    expect(textOf(await get('a?offset=now'))).toBe('[]');
  });

  it('may be kept for a minute, and no longer than the stream lives', async () => {
    const time = new VirtualTime();
    const { put, get } = lab({ scheduler: time, cache: 'public' });
    const cache = async (name: string, headers: Record<string, string>) => {
      await put(name, { headers });
      return (await get(name)).headers['cache-control'];
    };
    expect(await cache('a', {})).toBe('public, max-age=60, stale-while-revalidate=300');
    expect(await cache('b', { 'stream-ttl': '7' })).toBe('public, max-age=7');
    expect(await cache('c', { 'stream-expires-at': '1970-01-01T00:00:09Z' })).toBe('public, max-age=9');
    expect(await cache('d', { 'stream-ttl': '3600' })).toContain('max-age=60,');
  });

  it('tells with HEAD what is known, and counts that as no use', async () => {
    const time = new VirtualTime();
    const { put, ask } = lab({ scheduler: time });
    await put('a', { headers: { 'stream-ttl': '1', 'stream-closed': 'true' }, body: 'x' });
    await time.pass(999);
    expect(await ask('HEAD', 'a')).toEqual({
      status: 200,
      headers: {
        'content-type': 'text/plain',
        'cache-control': 'no-store',
        'stream-next-offset': place(1),
        'stream-ttl': '1',
        'stream-closed': 'true',
      },
    });
    await time.pass(2);
    expect((await ask('HEAD', 'a')).status).toBe(404);
  });
});
