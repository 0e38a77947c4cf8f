import { describe, expect, it } from 'vitest';
import { isAsWished, readWish, type Wish } from '../../src/durable/create.js';
import type { StreamRecord } from '../../src/durable/stream-record.js';
import { createDurableStreams } from '../../src/durable/durable-streams.js';
import { encoded, binary, json, lab, requestFor, text, textOf } from './lab.js';

const wishOf = (headers: Record<string, string>): Wish => readWish({ header: (name) => headers[name] });
const from = (source: string, more: Record<string, string> = {}) => ({
  headers: { 'stream-forked-from': `/v1/stream/${source}`, ...more },
});
const place = (seq: number): string => `${seq}`.padStart(16, '0');

describe('readWish', () => {
  it('reads what a stream is to be', () => {
    expect(wishOf({})).toEqual({ mediaType: undefined, lifetime: {}, closed: false, fork: undefined });
    expect(wishOf({ 'content-type': 'a/b', 'stream-ttl': '5', 'stream-closed': 'true' })).toMatchObject({
      mediaType: 'a/b',
      lifetime: { ttl: 5 },
      closed: true,
    });
    expect(wishOf({ 'stream-forked-from': '/x', 'stream-fork-sub-offset': '3' }).fork).toEqual({
      path: '/x',
      offset: undefined,
      sub: 3,
    });
  });

  it.each([
    { 'content-type': '' },
    { 'content-type': 'text' },
    { 'stream-ttl': '' },
    { 'stream-ttl': '1', 'stream-expires-at': '2030-01-01T00:00:00Z' },
    { 'stream-fork-offset': '-1' },
    { 'stream-fork-sub-offset': '0' },
    { 'stream-forked-from': '/x', 'stream-fork-sub-offset': '-1' },
    { 'stream-forked-from': '/x', 'stream-fork-sub-offset': '9'.repeat(99) },
  ])('refuses %j', (headers) => {
    expect(() => wishOf(headers as never)).toThrow(expect.objectContaining({ status: 400 }) as Error);
  });
});

describe('isAsWished', () => {
  const record = {
    mediaType: 'text/plain',
    lifetime: { ttl: 5 },
    closed: false,
    fork: undefined,
  } as never as StreamRecord;
  const fork = { from: 'a', at: place(3), sub: 1, count: 3, base: 0 };
  const same = (known: StreamRecord, headers: Record<string, string>) =>
    isAsWished(known, wishOf(headers), '/v1/stream/');

  it.each([
    [{ 'content-type': 'TEXT/plain; charset=utf-8', 'stream-ttl': '5' }, true],
    [{ 'content-type': 'text/plain' }, false],
    [{ 'stream-ttl': '5' }, false],
    [{ 'content-type': 'text/plain', 'stream-ttl': '5', 'stream-closed': 'true' }, false],
    [{ 'content-type': 'text/plain', 'stream-ttl': '5', 'stream-forked-from': '/v1/stream/a' }, false],
  ])('compares %j', (headers, answer) => expect(same(record, headers as never)).toBe(answer));

  it.each([
    [{ 'stream-forked-from': '/v1/stream/a', 'stream-fork-sub-offset': '1' }, true],
    [{ 'stream-forked-from': '/v1/stream/a', 'stream-fork-offset': place(3), 'stream-fork-sub-offset': '1' }, true],
    [{ 'stream-forked-from': '/v1/stream/a', 'stream-fork-offset': place(2), 'stream-fork-sub-offset': '1' }, false],
    [{ 'stream-forked-from': '/v1/stream/a', 'stream-fork-offset': 'x', 'stream-fork-sub-offset': '1' }, false],
    [{ 'stream-forked-from': '/v1/stream/a' }, false],
    [{ 'stream-forked-from': '/v1/stream/b', 'stream-fork-sub-offset': '1' }, false],
    [{ 'stream-forked-from': '/v1/stream/a', 'stream-fork-sub-offset': '1', 'content-type': 'a/b' }, false],
    [{ 'stream-forked-from': '/v1/stream/a', 'stream-fork-sub-offset': '1', 'stream-ttl': '6' }, false],
    [{ 'stream-forked-from': '/v1/stream/a', 'stream-fork-sub-offset': '1', 'stream-ttl': '5' }, true],
  ])('compares forks, %j', (headers, answer) => expect(same({ ...record, fork }, headers as never)).toBe(answer));
});

describe('creating', () => {
  it('says where the stream is, with the name encoded, and does it once', async () => {
    const { put, content } = lab();
    const made = await put('a/b%20c', { body: 'hello' });
    expect(made).toMatchObject({ status: 201, headers: { location: 'http://here.test/v1/stream/a/b%20c' } });
    expect((await put('a/b%20c', { body: 'hello' })).status).toBe(200);
    expect(await content('a/b%20c')).toBe('hello');
    expect((await put('a/b%20c', { headers: json })).status).toBe(409);
  });

  it('makes one stream of several requests at the same time', async () => {
    const { put, content } = lab();
    const replies = await Promise.all([1, 2, 3].map(() => put('a', { body: 'x' })));
    expect(replies.map(({ status }) => status)).toEqual([201, 200, 200]);
    expect(await content('a')).toBe('x');
  });

  it('has one of two servers on a log fill it', async () => {
    const { streams, put, content } = lab();
    const other = createDurableStreams({ streams });
    const replies = await Promise.all([
      put('a', { body: 'x' }),
      other.handle(requestFor('PUT', 'a', { headers: text, body: 'x' })),
    ]);
    expect(replies.map(({ status }) => status).includes(201)).toBe(true);
    expect(await content('a')).toBe('x');
  });

  it('makes a stream that is over at once', async () => {
    const { put, get, post } = lab();
    const made = await put('a', { headers: { 'stream-closed': 'true' }, body: 'all' });
    expect(made.headers).toMatchObject({ 'stream-closed': 'true', 'stream-next-offset': place(1) });
    expect((await get('a')).headers).toMatchObject({ 'stream-closed': 'true' });
    expect((await post('a', 'more')).status).toBe(409);
    expect((await put('a')).headers).toMatchObject({ 'stream-closed': 'true' });
  });
});

describe('forking', () => {
  it('takes over what was there, whichever door it came by', async () => {
    const { put, post, log, content } = lab();
    await put('a', { body: 'one' });
    log.append('a', [encoded(' two'), encoded(Uint8Array.of(0xc3))]);
    expect((await put('f', from('a'))).status).toBe(201);
    await post('a', 'only here');
    await post('f', Uint8Array.of(0xa9));
    expect(await content('f')).toBe('one twoé');
    expect(log.info('f')!.next).toBe(4);
  });

  it('goes through more chunks than are read at once', async () => {
    const { put, log, content } = lab();
    await put('a');
    log.append(
      'a',
      Array.from({ length: 3000 }, (_, n) => encoded(`<${n}>`)),
    );
    await put('f', from('a', { 'stream-fork-offset': place(2500) }));
    expect(await content('f')).toBe(Array.from({ length: 2500 }, (_, n) => `<${n}>`).join(''));
  });

  it('keeps the offsets of its source, also when that has lost its beginning', async () => {
    const { put, post, log, get, content } = lab();
    await put('a');
    for (const word of ['a', 'b', 'c', 'd']) await post('a', word);
    log.trim('a', 2);
    const made = await put('f', from('a', { 'stream-fork-offset': place(3) }));
    expect(made.headers['stream-next-offset']).toBe(place(3));
    expect(textOf(await get(`f?offset=${place(2)}`))).toBe('c');
    expect((await get(`f?offset=${place(1)}`)).status).toBe(410);
    await post('f', '!');
    expect((await get('f')).headers['stream-next-offset']).toBe(place(4));
    await put('g', from('f', { 'stream-fork-offset': place(4) }));
    expect(textOf(await get(`g?offset=${place(3)}`))).toBe('!');
    expect(await content('g')).toBe('c!');
    expect((await put('h', from('a', { 'stream-fork-offset': '-1' }))).headers['stream-next-offset']).toBe(place(2));
  });

  it('cuts within an append, also within a character', async () => {
    const { put, post, content } = lab();
    await put('a', { body: 'né' });
    await put('f', from('a', { 'stream-fork-offset': '-1', 'stream-fork-sub-offset': '2' }));
    await post('f', Uint8Array.of(0xa9));
    expect(await content('f')).toBe('né');
  });

  it('counts messages of JSON, however many', async () => {
    const { ask, content } = lab();
    const numbers = Array.from({ length: 2000 }, (_, n) => n);
    await ask('PUT', 'j', { headers: json, body: JSON.stringify(numbers) });
    const fork = { ...from('j', { 'stream-fork-offset': '-1', 'stream-fork-sub-offset': '1500' }) };
    expect((await ask('PUT', 'f', fork)).headers['content-type']).toBe('application/json');
    expect(JSON.parse(await content('f'))).toEqual(numbers.slice(0, 1500));
  });

  it.each([
    ['nothing', {}, 404],
    ['f', {}, 404],
    ['..', {}, 404],
    ['a', { 'content-type': 'a/b' }, 409],
    ['a', { 'stream-fork-offset': place(2) }, 400],
    ['a', { 'stream-fork-offset': 'now' }, 400],
    ['a', { 'stream-fork-offset': 'x' }, 400],
    ['a', { 'stream-fork-sub-offset': '1' }, 400],
    ['a', { 'stream-fork-offset': '-1', 'stream-fork-sub-offset': '4' }, 400],
  ])('refuses a fork of %s with %j', async (source, headers, status) => {
    const { put, log } = lab();
    await put('a', { body: 'abc' });
    expect((await put('f', from(source, headers as never))).status).toBe(status);
    expect(log.info('f')).toBeUndefined();
  });

  it('does not hang when two are made of each other', async () => {
    const { ask } = lab();
    const replies = await Promise.all([ask('PUT', 'a', from('b')), ask('PUT', 'b', from('a'))]);
    expect(replies.map(({ status }) => status)).toEqual([404, 404]);
  });

  it('refuses a fork of what was deleted, and of JSON messages that are not there', async () => {
    const { put, ask } = lab();
    await put('a', { body: 'x' });
    await put('f', from('a'));
    await ask('DELETE', 'a');
    expect((await put('g', from('a'))).status).toBe(409);
    expect((await put('a')).status).toBe(409);
    await ask('PUT', 'j', { headers: json, body: '[1]' });
    const beyond = from('j', { 'stream-fork-offset': '-1', 'stream-fork-sub-offset': '2' });
    expect((await ask('PUT', 'h', beyond)).status).toBe(400);
    expect((await ask('PUT', 'b', { headers: binary })).status).toBe(201);
  });

  it('forks no book of a server', async () => {
    const { put, log } = lab();
    log.create('sluice/server/subscriptions');
    expect((await put('f', from('sluice/server/subscriptions'))).status).toBe(404);
    expect(log.info('f')).toBeUndefined();
  });
});
