import { describe, expect, it } from 'vitest';
import { allowOrigin, preflight, securityHeaders, singleHeaders } from '../../src/durable/shell.js';

const host = 'here.test';

describe('allowOrigin', () => {
  it('lets in who is no page, and pages of this host', () => {
    expect(allowOrigin(undefined, { host })).toEqual({ allowed: true, headers: { vary: 'origin' } });
    const own = allowOrigin(undefined, { host, origin: 'http://here.test' });
    expect(own).toMatchObject({ allowed: true, headers: { 'access-control-allow-origin': 'http://here.test' } });
    expect(own.headers['access-control-expose-headers']).toContain('stream-next-offset');
  });

  it('lets in others only when told to', () => {
    const other = { host, origin: 'https://example.com' };
    expect(allowOrigin(undefined, other)).toEqual({ allowed: false, headers: { vary: 'origin' } });
    expect(allowOrigin(['https://example.com'], other).allowed).toBe(true);
    expect(allowOrigin(['*'], other).allowed).toBe(true);
  });
});

describe('preflight', () => {
  it('allows every header of the protocol', () => {
    const { status, headers } = preflight();
    expect(status).toBe(204);
    for (const name of [...singleHeaders, 'if-none-match', 'authorization']) {
      expect(headers['access-control-allow-headers']).toContain(name);
    }
  });
});

describe('securityHeaders', () => {
  it('keep browsers from guessing, and from showing a stream where it does not belong', () => {
    expect(securityHeaders(undefined)).toEqual({
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': "default-src 'none'; sandbox",
    });
    expect(securityHeaders(['*'])['cross-origin-resource-policy']).toBe('cross-origin');
  });
});
