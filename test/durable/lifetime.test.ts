import { describe, expect, it } from 'vitest';
import { deadlineOf, lifetimeHeaders, lifetimeJson, readLifetime, sameLifetime } from '../../src/durable/lifetime.js';

const noon = '2030-01-01T12:00:00Z';

describe('lifetime', () => {
  it('is read from one of two headers', () => {
    expect(readLifetime(undefined, undefined)).toEqual({});
    expect(readLifetime('60', undefined)).toEqual({ ttl: 60 });
    expect(readLifetime(undefined, noon)).toEqual({ expiresAt: noon });
    expect(() => readLifetime('60', noon)).toThrow('not both');
  });

  it.each([
    '',
    'tomorrow',
    '2030-01-01',
    '2030-01-01T12:00:00',
    '2030-13-01T12:00:00Z',
    '2030-01-01 12:00:00Z',
    `${noon}\r\n`,
  ])('is no time "%s"', (time) => expect(() => readLifetime(undefined, time)).toThrow('RFC 3339'));

  it('is compared as what it means', () => {
    expect(sameLifetime({}, {})).toBe(true);
    expect(sameLifetime({ ttl: 1 }, { ttl: 1 })).toBe(true);
    expect(sameLifetime({ ttl: 1 }, { ttl: 2 })).toBe(false);
    expect(sameLifetime({ ttl: 1 }, {})).toBe(false);
    expect(sameLifetime({ expiresAt: noon }, { expiresAt: '2030-01-01T13:00:00+01:00' })).toBe(true);
    expect(sameLifetime({ expiresAt: noon }, { expiresAt: '2030-01-01T13:00:00Z' })).toBe(false);
    expect(sameLifetime({ expiresAt: noon }, {})).toBe(false);
  });

  it('ends so long after use, or at a time, or never', () => {
    expect(deadlineOf({ ttl: 2 }, 500)).toBe(2500);
    expect(deadlineOf({ expiresAt: noon }, 500)).toBe(Date.parse(noon));
    expect(deadlineOf({}, 500)).toBe(Infinity);
  });

  it('is told as it was asked for', () => {
    expect(lifetimeHeaders({ ttl: 5 })).toEqual({ 'stream-ttl': '5' });
    expect(lifetimeHeaders({ expiresAt: noon })).toEqual({ 'stream-expires-at': noon });
    expect(lifetimeHeaders({})).toEqual({});
    expect([lifetimeJson({ ttl: 5 }), lifetimeJson({ expiresAt: noon }), lifetimeJson({})]).toEqual([
      { ttl: 5 },
      { expiresAt: noon },
      {},
    ]);
  });
});
