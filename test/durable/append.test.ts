import { describe, expect, it } from 'vitest';
import { type AppendWish, checkContent, decideAtEnd, readAppend } from '../../src/durable/append.js';
import type { StreamRecord } from '../../src/durable/stream-record.js';
import { encoded, json, lab, text } from './lab.js';

const wishOf = (headers: Record<string, string>): AppendWish => readAppend({ header: (name) => headers[name] });
const producer = (seq: string, epoch = '0', id = 'p') => ({
  'producer-id': id,
  'producer-epoch': epoch,
  'producer-seq': seq,
});

describe('readAppend', () => {
  it('reads who appends, and how', () => {
    expect(wishOf({ ...producer('3', '1'), 'stream-closed': 'TRUE', 'stream-seq': 'a, b' })).toEqual({
      mediaType: undefined,
      close: true,
      producer: { id: 'p', epoch: 1, seq: 3, counts: 'appends' },
      sequence: 'a, b',
    });
    expect(wishOf({ 'stream-closed': 'yes' })).toMatchObject({ close: false, producer: undefined });
  });

  it.each([
    { 'producer-id': 'p' },
    { 'producer-seq': '0' },
    { 'producer-id': 'p', 'producer-epoch': '0' },
    producer('0', '0', ''),
    producer('0', '0', 'p'.repeat(257)),
    producer(''),
    producer('1.5'),
    producer('0, 0'),
    producer('0', '-1'),
    producer('9007199254740992'),
    { 'stream-seq': '' },
    { 'stream-seq': 'x'.repeat(8192) },
  ])('refuses %j', (headers) => {
    expect(() => wishOf(headers as never)).toThrow(expect.objectContaining({ status: 400 }) as Error);
  });
});

describe('what an append may be', () => {
  const nobody = wishOf({});
  const record = { mediaType: 'text/plain', info: { contentType: 'text/plain', next: 0 } } as StreamRecord;

  it('is decided by the log for producers; for others an end is acknowledged, and nothing else', () => {
    expect(decideAtEnd(wishOf(producer('0')), false)).toBe('ask');
    expect(decideAtEnd(nobody, true)).toBe('acknowledge');
    expect(decideAtEnd(nobody, false)).toBe('refuse');
  });

  it.each([
    [{}, true, 400],
    [{ 'stream-closed': 'true' }, true, 0],
    [{ 'stream-closed': 'true', 'content-type': 'a/b' }, true, 0],
    [{}, false, 400],
    [{ 'content-type': 'text/plain;x=y' }, false, 0],
    [{ 'content-type': 'text/html' }, false, 409],
    [{ 'content-type': '' }, false, 409],
  ])('with %j, empty %s: %i', (headers, empty, status) => {
    const check = () => checkContent(record, wishOf(headers as never), empty);
    if (status === 0) expect(check).not.toThrow();
    else expect(check).toThrow(expect.objectContaining({ status }) as Error);
  });
});

describe('appending', () => {
  it('writes a chunk for each append, which every door reads', async () => {
    const { put, post, streams, content } = lab();
    await put('a');
    expect(await post('a', 'one')).toMatchObject({
      status: 204,
      headers: { 'stream-next-offset': '0000000000000001' },
    });
    await streams.append('a', [encoded(' two')]);
    await post('a', ' three');
    const data: unknown[] = [];
    await post('a', '', { 'stream-closed': 'true' });
    for await (const chunk of streams.read('a')) data.push(chunk.data);
    expect(data).toEqual(['one', ' two', ' three']);
    expect(await content('a')).toBe('one two three');
  });

  it('takes any type for a stream that has none and holds nothing, and then only that', async () => {
    const { log, post, content } = lab();
    log.create('a');
    expect((await post('a', '{"n":1}', json)).status).toBe(204);
    expect((await post('a', 'x', text)).status).toBe(409);
    expect((await post('a', '[2,3]', json)).status).toBe(204);
    expect(await content('a')).toBe('[{"n":1},2,3]');
  });

  it('keeps an array of JSON whole, and once', async () => {
    const { ask, content } = lab();
    await ask('PUT', 'a', { headers: json });
    const send = (seq: string, body: string) => ask('POST', 'a', { headers: { ...json, ...producer(seq) }, body });
    expect(await send('0', '[1,2,3]')).toMatchObject({
      status: 200,
      headers: { 'producer-seq': '0', 'producer-epoch': '0' },
    });
    expect((await send('0', '[1,2,3]')).status).toBe(204);
    expect(await send('1', '[4]')).toMatchObject({ status: 200, headers: { 'producer-seq': '1' } });
    expect(await send('0', '[1,2,3]')).toMatchObject({ status: 204, headers: { 'producer-seq': '1' } });
    expect(await send('5', '[5]')).toMatchObject({
      status: 409,
      headers: { 'producer-expected-seq': '2', 'producer-received-seq': '5' },
    });
    expect(await content('a')).toBe('[1,2,3,4]');
    expect((await ask('POST', 'a', { headers: json, body: '[]' })).status).toBe(400);
  });

  it('fences, and has a new epoch begin with 0', async () => {
    const { put, post } = lab();
    await put('a');
    expect((await post('a', 'x', producer('0', '2'))).status).toBe(200);
    expect(await post('a', 'x', producer('0', '1'))).toMatchObject({ status: 403, headers: { 'producer-epoch': '2' } });
    expect((await post('a', 'x', producer('4', '3'))).status).toBe(400);
    expect((await post('a', 'x', producer('4', '0', 'q'))).status).toBe(409);
  });

  it('acknowledges behind the end what was kept, and says where the end is to all else', async () => {
    const { put, post, log } = lab();
    await put('a');
    await post('a', 'x', producer('0'));
    expect((await post('a', '', { ...producer('1'), 'stream-closed': 'true' })).status).toBe(204);
    expect(await post('a', '', { ...producer('1'), 'stream-closed': 'true' })).toMatchObject({
      status: 204,
      headers: { 'stream-closed': 'true' },
    });
    expect((await post('a', 'x', producer('0'))).status).toBe(204);
    expect(await post('a', 'y', producer('2'))).toMatchObject({
      status: 409,
      headers: { 'stream-closed': 'true', 'stream-next-offset': '0000000000000001' },
    });
    expect((await post('a', '', { 'stream-closed': 'true' })).status).toBe(204);
    log.create('c');
    log.append('c', [], { close: { status: 'cancelled' } });
    expect(await post('c', 'x', producer('0'))).toMatchObject({ status: 409, headers: { 'stream-closed': 'true' } });
  });

  it('does not bring a stream back that was removed meanwhile', async () => {
    const { put, post, ask, log } = lab();
    await put('a');
    const [deleted, appended] = await Promise.all([ask('DELETE', 'a'), post('a', 'x')]);
    expect([deleted.status, [204, 404].includes(appended.status)]).toEqual([204, true]);
    expect(log.info('a')).toBeUndefined();
  });
});
