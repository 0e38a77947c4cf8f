import { describe, expect, it } from 'vitest';
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
    await stage.admin().hset('sluice:{s}:info', 'first', far, 'next', far, 'e:p', far, 'n:p', far, 'producers', 1);
    const producer = { id: 'p', epoch: far, seq: far };
    expect(await log.append('s', texts(0, 3), { producer })).toMatchObject({ first: far, next: far + 3 });
    expect(await log.append('s', texts(0, 3), { producer })).toMatchObject({ duplicates: 3 });
    expect(await log.read('s', far + 1, { chunks: 9, bytes: 999 })).toMatchObject({ from: far + 1, next: far + 3 });
    const fenced = await refused('producer-fenced', () => log.append('s', [], { producer: { ...producer, epoch: 1 } }));
    expect(fenced.details.expected).toBe(far);
    await log.trim('s', far + 2);
    expect(await log.info('s')).toMatchObject({ first: far + 2, next: far + 3 });
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
    const values = ['c', '5', '1000', '10', '10', '1000', 'p', '0', '0', 'completed', '', 'token', 'c', '', 't', '0'];
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
