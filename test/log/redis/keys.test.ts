import { describe, expect, it } from 'vitest';
import { RedisKeys } from '../../../src/log/redis/keys.js';

describe('RedisKeys', () => {
  const keys = new RedisKeys('p');

  it('puts the keys of a stream in one slot', () => {
    for (const name of ['s', '}x', '{}', 'a/{b}/c', '{', '%7B', 'a:b']) {
      const { info, chunks, channel } = keys.of(name);
      const tags = [info, chunks].map((key) => key.slice(key.indexOf('{') + 1, key.indexOf('}')));
      expect(tags[0]).not.toBe('');
      expect(tags[1]).toBe(tags[0]);
      expect([info, chunks]).toEqual([`${channel}:info`, `${channel}:chunks`]);
    }
  });

  it('keeps names apart', () => {
    const names = ['{', '%7B', '%', '%25', '}', 's', 's:info', 'names'];
    const all = names.flatMap((name) => Object.values(keys.of(name)));
    expect(new Set([...all, keys.names, keys.expiry, keys.pulse('s')]).size).toBe(names.length * 3 + 3);
  });

  it.each([
    ['', RangeError],
    ['a{b', RangeError],
    ['}', RangeError],
    [undefined, TypeError],
  ])('refuses the prefix %j', (prefix, kind) => {
    expect(() => new RedisKeys(prefix as string)).toThrow(kind);
  });
});
