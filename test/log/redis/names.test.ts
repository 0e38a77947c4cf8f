import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RedisCaller } from '../../../src/log/redis/caller.js';
import { ioredisDoor } from '../../../src/log/redis/ioredis.js';
import { RedisKeys } from '../../../src/log/redis/keys.js';
import { StreamNames } from '../../../src/log/redis/names.js';
import { redisPath } from '../../servers/redis.js';
import { redisStage } from '../../servers/redis-stage.js';

describe.skipIf(redisPath === undefined)('StreamNames', () => {
  const stage = redisStage();
  let caller: RedisCaller;
  let names: StreamNames;
  beforeEach(() => {
    caller = new RedisCaller(ioredisDoor(stage.admin()), 5000);
    names = new StreamNames(caller, new RedisKeys('p'));
  });
  afterEach(() => caller.dispose());

  const lives = (...of: string[]) => of.map((streamId) => ({ streamId, life: `of ${streamId}` }));

  it('finds what is at and below a path, and nothing beside it', async () => {
    const all = lives('a', 'a/b', 'a/b/c', 'a0', 'a-', 'ab', 'A', 'é/😀');
    for (const named of all) await names.add(named);
    const found = async (prefix: string) => (await names.find(prefix)).map(({ streamId }) => streamId).toSorted();
    expect(await found('')).toEqual(all.map(({ streamId }) => streamId).toSorted());
    expect(await found('a')).toEqual(['a', 'a/b', 'a/b/c']);
    expect(await found('a/')).toEqual(['a/b', 'a/b/c']);
    expect(await found('a/b')).toEqual(['a/b', 'a/b/c']);
    expect(await found('é')).toEqual(['é/😀']);
    expect(await found('x')).toEqual([]);
  });

  it('strikes out one life of a name and not another', async () => {
    const [one, other] = [
      { streamId: 'a', life: '1' },
      { streamId: 'a', life: '2' },
    ];
    for (const named of [one, other, other]) await names.add(named);
    await names.remove([one]);
    await names.remove([]);
    expect(await names.find('a')).toEqual([other]);
  });

  it('strikes out those whose time is over, some at a time', async () => {
    const all = lives(...Array.from({ length: 15 }, (_, n) => `n${n}`));
    for (const [n, named] of all.entries()) {
      await names.add(named);
      await names.expires(named, `${100 + n}`);
    }
    await names.sweep('102');
    expect(await names.find('')).toHaveLength(12);
    await names.sweep('1000');
    expect(await names.find('')).toHaveLength(2);
    await names.sweep('1000');
    expect(await stage.admin().exists('p:names', 'p:expiry')).toBe(0);
  });
});
