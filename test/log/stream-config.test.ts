import { describe, expect, it } from 'vitest';
import { checkConfig, sameConfig } from '../../src/log/stream-config.js';

const full = {
  session: 's',
  source: 'a',
  target: 'b',
  contentType: 'text/plain',
  expectedChunks: 0,
  expectedBytes: 12,
  ttlMs: 1000,
  metadata: { a: 1 },
};

describe('checkConfig', () => {
  it('answers with a frozen copy, without what is undefined', () => {
    const checked = checkConfig({ ...full, session: undefined } as never);
    const { session: _session, ...rest } = full;
    expect(checked).toStrictEqual(rest);
    expect(checked).not.toBe(full);
    expect(Object.isFrozen(checked.metadata)).toBe(true);
    expect(Object.isFrozen(checked)).toBe(true);
    expect(checkConfig()).toStrictEqual({});
    expect(checkConfig({ ttlMs: Infinity })).toStrictEqual({ ttlMs: Infinity });
  });

  it.each([
    [{ session: 5 }, TypeError, 'session must be a string, got a number'],
    [{ contentType: null }, TypeError, 'contentType must be a string, got null'],
    [{ expectedChunks: -1 }, RangeError, 'expectedChunks must be a whole number of at least 0, got -1'],
    [{ expectedBytes: '5' }, TypeError, 'expectedBytes must be a number, got a string'],
    [{ metadata: [] }, TypeError, 'metadata must be a JSON object, got an array'],
    [{ metadata: null }, TypeError, 'metadata must be a JSON object, got null'],
    [{ metadata: { a: NaN } }, TypeError, 'metadata must be a JSON object but holds NaN'],
    [
      { metadata: { a: 'x'.repeat(4089) } },
      RangeError,
      'metadata must be of at most 4096 characters of JSON, got 4097',
    ],
    [{ ttlMs: 0 }, RangeError, 'ttlMs must be a whole number of at least 1 or Infinity, got 0'],
  ])('refuses %o', (config, kind, message) => {
    const check = () => checkConfig(config as never);
    expect(check).toThrow(kind);
    expect(check).toThrow(message);
  });
});

describe('sameConfig', () => {
  it('does not mind in which order metadata is said', () => {
    const one = checkConfig({ metadata: { a: [{ b: 1, c: null }], d: 'e' } });
    const other = checkConfig({ metadata: { d: 'e', a: [{ c: null, b: 1 }] } });
    expect(sameConfig(one, other)).toBe(true);
    expect(sameConfig(one, checkConfig({ metadata: { d: 'e', a: [] } }))).toBe(false);
  });

  it('looks at every field', () => {
    expect(sameConfig(full, { ...full })).toBe(true);
    for (const field of Object.keys(full)) {
      const kind = typeof full[field as keyof typeof full];
      const value = kind === 'string' ? 'other' : kind === 'object' ? { a: 2 } : 99;
      expect(sameConfig(full, { ...full, [field]: value }), field).toBe(false);
      expect(sameConfig(full, checkConfig({ ...full, [field]: undefined })), field).toBe(false);
    }
  });
});
