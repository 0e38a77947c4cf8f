import { describe, expect, it } from 'vitest';
import { apiKeys, createApiKey, readApiKeys } from 'sluice/auth/api-keys';
import { asking, bearing } from './asking.js';

const now = () => 1_000_000;

describe('apiKeys', () => {
  it('knows who bears a key, in either header', () => {
    const { key, record } = createApiKey('ann', { scopes: ['read:books/*'], expiresAt: 2_000_000 });
    const authenticate = apiKeys([record], { now });
    const ann = { id: 'ann', scopes: ['read:books/*'], expiresAt: 2_000_000 };
    expect(authenticate(bearing(key))).toEqual(ann);
    expect(authenticate(asking({ 'x-api-key': key }))).toEqual(ann);
  });

  it('says nothing of requests without a key, and of other tokens', () => {
    const authenticate = apiKeys([createApiKey('ann').record]);
    expect(authenticate(asking())).toBeUndefined();
    expect(authenticate(bearing('a.b.c'))).toBeUndefined();
  });

  it('refuses a key that is wrong, unknown, mangled or of yesterday', () => {
    const { key, record } = createApiKey('ann');
    const authenticate = apiKeys([record], { now });
    const wrong = key.slice(0, -1) + (key.endsWith('A') ? 'B' : 'A');
    for (const bad of [wrong, createApiKey('ann').key, 'slk_', `${key}x`, `slk_${record.id}_short`]) {
      expect(() => authenticate(bearing(bad)), bad).toThrow(
        expect.objectContaining({ code: 'unauthenticated', message: 'the API key is not known' }),
      );
    }
    const old = createApiKey('ann', { expiresAt: now() });
    expect(() => apiKeys([old.record], { now })(bearing(old.key))).toThrow(
      expect.objectContaining({ code: 'expired' }),
    );
  });

  it('keeps nothing from which a key could be made', () => {
    const { key, record } = createApiKey('ann');
    const secret = key.split('_')[2]!;
    expect(JSON.stringify(record)).not.toContain(secret);
    expect(record.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('makes a key of what it is given, and another each time otherwise', () => {
    const random = (bytes: number) => new Uint8Array(bytes).fill(7);
    expect(createApiKey('ann', { random }).key).toBe(createApiKey('bob', { random }).key);
    expect(createApiKey('ann').key).not.toBe(createApiKey('ann').key);
    expect(() => createApiKey('ann', { scopes: ['fly'] })).toThrow(TypeError);
  });
});

describe('readApiKeys', () => {
  const { record } = createApiKey('ann');

  it.each<[unknown, string]>([
    [{}, 'API keys: the list: '],
    [[{ ...record, hash: 'secret' }], 'API keys: 0.hash: must be a SHA-256 in hexadecimal'],
    [[{ ...record, id: 'a b' }], 'API keys: 0.id: must be of 1 to 32 letters and digits'],
    [[{ ...record, more: 1 }], 'API keys: 0: Unrecognized key: "more"'],
    [[record, record], `API keys: two have the id "${record.id}"`],
    [[{ ...record, scopes: ['fly'] }], 'a scope must be an action'],
  ])('refuses %j', (value, message) => {
    expect(() => readApiKeys(value)).toThrow(TypeError);
    expect(() => readApiKeys(value)).toThrow(message);
  });

  it('does not repeat what it was given', () => {
    expect(() => readApiKeys([{ ...record, hash: 'hunter2' }])).not.toThrow('hunter2');
  });
});
