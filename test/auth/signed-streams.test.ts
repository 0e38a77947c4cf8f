import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type SigningKey, signedStreams, signStream } from 'sluice/auth/signed-streams';
import { asking } from './asking.js';

const key: SigningKey = { id: 'k1', secret: 's'.repeat(32) };
const next: SigningKey = { id: 'k2', secret: new Uint8Array(32).fill(9) };
const now = () => 1_000_000;
const at = (access: string) => asking({}, `/streams/a?from=0&access=${access}`);

describe('signedStreams', () => {
  it('knows a permission to do one thing with one stream, for a while', () => {
    const access = signStream(key, { stream: 'books/one', now });
    expect(signedStreams({ keys: [key], now })(at(access))).toEqual({
      id: 'signed:k1',
      scopes: ['read:books/one'],
      expiresAt: 1_300_000,
    });
    const publish = signStream(key, { stream: 'a', action: 'publish', principal: 'ann', ttlMs: 10, now });
    expect(signedStreams({ keys: [key], now })(at(publish))).toEqual({
      id: 'ann',
      scopes: ['publish:a'],
      expiresAt: 1_000_010,
    });
  });

  it('says nothing of requests without a signature', () => {
    const authenticate = signedStreams({ keys: [key] });
    for (const target of ['/', '/a?from=0', '/a?access', '/access=a'])
      expect(authenticate(asking({}, target))).toBeUndefined();
  });

  it('accepts both keys while they are changed, and then the new one only', () => {
    const before = signStream(key, { stream: 'a', now });
    const after = signStream(next, { stream: 'a', now });
    const changing = signedStreams({ keys: [next, key], now });
    expect([changing(at(before)), changing(at(after))]).toMatchObject([{ id: 'signed:k1' }, { id: 'signed:k2' }]);
    expect(() => signedStreams({ keys: [next], now })(at(before))).toThrow('not accepted');
  });

  it('refuses a signature whose time is over', () => {
    const access = signStream(key, { stream: 'a', ttlMs: 1, now });
    const later = signedStreams({ keys: [key], now: () => now() + 1 });
    expect(() => later(at(access))).toThrow(expect.objectContaining({ code: 'expired' }));
  });

  it('refuses what nobody signed', () => {
    const authenticate = signedStreams({ keys: [key], now });
    const access = signStream(key, { stream: 'a', now });
    const [version, body, mac] = access.split('.') as [string, string, string];
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as unknown[];
    const forged = (changed: unknown) => Buffer.from(JSON.stringify(changed)).toString('base64url');
    const wider = forged(claims.with(2, 'b'));
    const bad = [
      `${version}.${wider}.${mac}`,
      `${version}.${body}.${mac.slice(1)}`,
      `${version}.${body}.`,
      `${version}.${body}`,
      `s2.${body}.${mac}`,
      `${access}.x`,
      `${version}.${forged(claims.with(0, 'k9'))}.${mac}`,
      `${version}.${forged({})}.${mac}`,
      `${version}.!!.${mac}`,
      `${version}.${forged(claims.slice(1))}.${mac}`,
      'nonsense',
    ];
    for (const each of bad) {
      expect(() => authenticate(at(each)), each).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
    }
  });

  it('takes a name for itself, also where it would be a pattern of names', () => {
    const body = `s1.${Buffer.from(JSON.stringify(['k1', 'read', 'answers/*', 'ann', now() + 1])).toString('base64url')}`;
    const mac = createHmac('sha256', key.secret).update(body).digest('base64url');
    const authenticate = signedStreams({ keys: [key], now });
    expect(() => authenticate(at(`${body}.${mac}`))).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
  });

  it.each<[() => unknown, string]>([
    [() => signedStreams({ keys: [] }), 'keys must hold at least one key'],
    [() => signedStreams({ keys: [{ id: 'a b', secret: key.secret }] }), 'id of a key'],
    [() => signedStreams({ keys: [{ id: 'a', secret: 'short' }] }), 'at least 32 bytes'],
    [() => signedStreams({ keys: [{ id: 'a', secret: 5 as never }] }), 'must be a string or bytes, got a number'],
    [() => signStream(key, { stream: '../a' }), 'stream name'],
    [() => signStream(key, { stream: 'answers/*' }), 'must not end with "*"'],
    [() => signStream(key, { stream: 'a', ttlMs: 8 * 86_400_000 }), 'ttlMs must be'],
    [() => signStream(key, { stream: 'a', action: 'fly' as never }), 'action must be one of'],
  ])('refuses misuse: %s', (misuse, message) => {
    expect(misuse).toThrow(message);
  });
});
