import { describe, expect, it } from 'vitest';
import { createChunk, encodeChunk } from '../../../src/chunk/index.js';
import * as scripts from '../../../src/log/redis/scripts.js';
import { encoded, refused, texts } from '../../../src/testing/log-stage.js';
import { redisPath } from '../../servers/redis.js';
import { redisStage } from '../../servers/redis-stage.js';

describe.skipIf(redisPath === undefined)('scripts', () => {
  const stage = redisStage();

  it.each(Object.entries(scripts))('%s has the name the server gives it', async (_, { text, sha }) => {
    expect(await stage.admin().script('LOAD', text)).toBe(sha);
  });

  it('counts beyond what Lua writes as powers of ten', async () => {
    const log = stage.log('ioredis');
    const far = 2 ** 52;
    await log.create('s');
    await stage.admin().hset('sluice:{s}:info', 'first', far, 'next', far, 'p:p', `${far}:${far}`, 'producers', 1);
    const producer = { id: 'p', epoch: far, seq: far };
    expect(await log.append('s', texts(0, 3), { producer })).toMatchObject({ first: far, next: far + 3 });
    expect(await log.append('s', texts(0, 3), { producer })).toMatchObject({ duplicates: 3 });
    expect(await log.read('s', far + 1, { chunks: 9, bytes: 999 })).toMatchObject({ from: far + 1, next: far + 3 });
    const fenced = await refused('producer-fenced', () => log.append('s', [], { producer: { ...producer, epoch: 1 } }));
    expect(fenced.details.expected).toBe(far);
    await log.trim('s', far + 2);
    expect(await log.info('s')).toMatchObject({ first: far + 2, next: far + 3 });
  });

  it('leaves numbers that Lua writes as powers of ten to the longer script', async () => {
    const log = stage.log('ioredis');
    const far = 2 ** 52;
    await log.create('s');
    await stage.admin().hset('sluice:{s}:info', 'first', far, 'next', far, 'size', far);
    expect(await log.append('s', texts(0, 2))).toMatchObject({ first: far, next: far + 2 });
    expect((await log.read('s', far, { chunks: 9, bytes: 999 })).chunks).toEqual(texts(0, 2));
    await stage.admin().hset('sluice:{s}:info', 'first', 1e13, 'next', 1e13);
    await stage.admin().del('sluice:{s}:chunks');
    const [one] = texts(0, 1);
    expect(await log.append('s', [one!])).toMatchObject({ first: 1e13, next: 1e13 + 1 });
    expect(await stage.admin().hget('sluice:{s}:info', 'next')).toBe(`${1e13 + 1}`);
  });

  it('keeps what has nothing to be decided about in one short call', async () => {
    const log = stage.log('redis');
    await log.create('s');
    await log.append('s', texts(0, 1), { producer: { id: 'p', epoch: 0, seq: 0 } });
    await stage.admin().config('RESETSTAT');
    await stage.admin().script('FLUSH');
    await stage.admin().script('LOAD', scripts.plainAppendScript.text);
    const bytes = encodeChunk(
      createChunk({ streamId: 's', seq: 0, type: 'binary', data: new Uint8Array([1, 0, 255]) }),
    );
    const batch = [...texts(1, 1), bytes];
    expect(await log.append('s', batch, { producer: { id: 'p', epoch: 0, seq: 1 } })).toEqual({
      first: 1,
      next: 3,
      duplicates: 0,
      ended: false,
      expected: 3,
    });
    // The longer one is not known to the server, and would have come whole.
    expect(await stage.admin().info('commandstats')).not.toContain('cmdstat_eval:');
    expect((await log.read('s', 0, { chunks: 9, bytes: 9999 })).chunks).toEqual([...texts(0, 2), bytes]);
    expect(await log.info('s')).toMatchObject({ next: 3, bytes: { received: 2 * texts(0, 1)[0]!.size + 3 } });
  });

  it('cuts a stream to its length as it grows', async () => {
    const log = stage.log('ioredis', { maxChunks: 3 });
    await log.create('s');
    for (let n = 0; n < 10; n++) await log.append('s', texts(n, 1), { producer: { id: 'p', epoch: 0, seq: n } });
    expect(await log.read('s', 0, { chunks: 9, bytes: 999 })).toMatchObject({ from: 7, chunks: texts(7, 3), next: 10 });
    expect(await stage.admin().xlen('sluice:{s}:chunks')).toBe(3);
    await log.append('s', texts(10, 7));
    expect(await log.read('s', 0, { chunks: 9, bytes: 999 })).toMatchObject({
      from: 14,
      chunks: texts(14, 3),
      next: 17,
    });
  });

  it('refuses what another process has changed meanwhile', async () => {
    const [log, other] = [stage.log('ioredis'), stage.log('redis')];
    const producer = (epoch: number, seq: number) => ({ producer: { id: 'p', epoch, seq } });
    await log.create('s');
    await log.append('s', texts(0, 1), producer(0, 0));
    expect(await other.append('s', texts(1, 1), producer(0, 1))).toMatchObject({ next: 2 });
    expect(await log.append('s', texts(1, 2), producer(0, 1))).toMatchObject({ first: 2, next: 3, duplicates: 1 });
    await other.append('s', [], producer(1, 0));
    expect(
      (await refused('producer-fenced', () => log.append('s', texts(3, 1), producer(0, 3)))).details,
    ).toMatchObject({
      expected: 1,
    });
    await other.append('s', [], { close: { status: 'completed' } });
    await refused('stream-closed', () => log.append('s', texts(3, 1)));
    await other.delete('s');
    await refused('stream-not-found', () => log.append('s', texts(3, 1)));
    await other.create('s');
    expect(await log.append('s', texts(0, 1), producer(0, 0))).toMatchObject({ first: 0, expected: 1 });
  });

  it('reads a long run in pages, and never more than was asked for', async () => {
    const log = stage.log('redis');
    await log.create('s');
    await log.append('s', texts(0, 500));
    for (const count of [1, 15, 16, 17, 80, 81, 499, 500, 501]) {
      const { chunks } = await log.read('s', 0, { chunks: count, bytes: 1 << 20 });
      expect(chunks).toEqual(texts(0, Math.min(count, 500)));
    }
    const { length } = encoded('chunk 100');
    expect((await log.read('s', 100, { chunks: 500, bytes: 33 * length })).chunks).toEqual(texts(100, 33));
  });

  it('says of an end that was repeated, because its answer was lost, that it was this one', async () => {
    const log = stage.log('ioredis');
    await log.create('s');
    const values = [
      'c',
      '5',
      '1000',
      '10',
      '10',
      '1000',
      'p',
      '0',
      '0',
      'completed',
      '',
      'token',
      'c',
      '',
      '',
      't',
      '0',
    ];
    const keys = ['sluice:{s}:info', 'sluice:{s}:chunks'];
    const end = async (token: string) => {
      const told = values.map((value) => (value === 'token' ? token : value));
      const answer = await stage.admin().eval(scripts.appendScript.text, 2, ...keys, ...told);
      return (answer as unknown[]).at(-1);
    };
    expect(await end('mine')).toEqual([0, 0, 0, 1, 0]);
    expect(await end('mine')).toEqual([0, 0, 0, 1, 0]);
    expect(await end('other')).toEqual([0, 0, 0, 0, 0]);
  });
});
