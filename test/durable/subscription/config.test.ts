import { describe, expect, it } from 'vitest';
import { object, readConfig as read, readPaths, sameConfig } from '../../../src/durable/subscription/config.js';

const readConfig = (value: unknown) => read(value, true);
const webhook = { type: 'webhook', pattern: 'events/*', webhook: { url: 'https://worker.example/' } };
const pull = {
  type: 'pull-wake',
  streams: ['b', 'a', 'b'],
  wake_stream: 'wake/pool',
  lease_ttl_ms: 1000,
  description: 'x',
};

describe('readConfig', () => {
  it('reads what there is, and fills in the rest', () => {
    expect(readConfig(webhook)).toEqual({
      type: 'webhook',
      pattern: 'events/*',
      streams: [],
      webhook: 'https://worker.example/',
      wakeStream: null,
      leaseMs: 30_000,
      description: null,
    });
    expect(readConfig(pull)).toMatchObject({
      streams: ['a', 'b'],
      wakeStream: 'wake/pool',
      leaseMs: 1000,
      webhook: null,
    });
  });

  it.each([
    [null],
    [[]],
    ['x'],
    [{ ...webhook, type: 'mail' }],
    [{ ...webhook, pattern: undefined }],
    [{ ...webhook, pattern: '../x' }],
    [{ ...webhook, pattern: 5 }],
    [{ ...webhook, webhook: undefined }],
    [{ ...webhook, webhook: { url: 5 } }],
    [{ ...webhook, webhook: [] }],
    [{ ...webhook, streams: 'a' }],
    [{ ...webhook, streams: ['..'] }],
    [{ ...webhook, streams: ['__ds/jwks.json'] }],
    [{ ...webhook, streams: Array.from({ length: 1001 }, (_, n) => `s${n}`) }],
    [{ ...webhook, lease_ttl_ms: 999 }],
    [{ ...webhook, lease_ttl_ms: 600_001 }],
    [{ ...webhook, lease_ttl_ms: '1000' }],
    [{ ...webhook, description: 'x'.repeat(1025) }],
    [{ ...webhook, description: 5 }],
    [{ ...pull, wake_stream: undefined }],
    [{ ...pull, wake_stream: 'sluice/leases' }],
  ])('refuses %j', (value) => {
    expect(() => readConfig(value)).toThrow(expect.objectContaining({ status: 400, code: 'INVALID_REQUEST' }) as Error);
  });

  it('refuses to call what only we can reach', () => {
    const inward = { ...webhook, webhook: { url: 'http://10.0.0.1/' } };
    expect(() => readConfig(inward)).toThrow(expect.objectContaining({ code: 'WEBHOOK_URL_REJECTED' }) as Error);
  });
});

describe('sameConfig', () => {
  it('looks at everything', () => {
    expect(sameConfig(readConfig(pull), readConfig({ ...pull, streams: ['a', 'b'] }))).toBe(true);
    for (const other of [
      { streams: ['a'] },
      { wake_stream: 'x' },
      { lease_ttl_ms: 2000 },
      { description: 'y' },
      { pattern: 'c' },
    ]) {
      expect(sameConfig(readConfig(pull), readConfig({ ...pull, ...other }))).toBe(false);
    }
  });
});

describe('object and readPaths', () => {
  it('take what they say', () => {
    expect(object({ a: 1 })).toEqual({ a: 1 });
    expect(readPaths(['b', 'a'])).toEqual(['a', 'b']);
  });
});
