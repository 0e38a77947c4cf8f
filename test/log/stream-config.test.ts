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
};

describe('checkConfig', () => {
  it('answers with a frozen copy, without what is undefined', () => {
    const checked = checkConfig({ ...full, session: undefined } as never);
    const { session: _session, ...rest } = full;
    expect(checked).toStrictEqual(rest);
    expect(checked).not.toBe(full);
    expect(Object.isFrozen(checked)).toBe(true);
    expect(checkConfig()).toStrictEqual({});
    expect(checkConfig({ ttlMs: Infinity })).toStrictEqual({ ttlMs: Infinity });
  });

  it.each([
    [{ session: 5 }, TypeError, 'session must be a string, got a number'],
    [{ contentType: null }, TypeError, 'contentType must be a string, got null'],
    [{ expectedChunks: -1 }, RangeError, 'expectedChunks must be a whole number of at least 0, got -1'],
    [{ expectedBytes: '5' }, TypeError, 'expectedBytes must be a number, got a string'],
    [{ ttlMs: 0 }, RangeError, 'ttlMs must be a whole number of at least 1 or Infinity, got 0'],
  ])('refuses %o', (config, kind, message) => {
    const check = () => checkConfig(config as never);
    expect(check).toThrow(kind);
    expect(check).toThrow(message);
  });
});

describe('sameConfig', () => {
  it('looks at every field', () => {
    expect(sameConfig(full, { ...full })).toBe(true);
    for (const field of Object.keys(full)) {
      const value = typeof full[field as keyof typeof full] === 'string' ? 'other' : 99;
      expect(sameConfig(full, { ...full, [field]: value }), field).toBe(false);
      expect(sameConfig(full, checkConfig({ ...full, [field]: undefined })), field).toBe(false);
    }
  });
});
