import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clean } from '../../src/telemetry/clean.js';

const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJpc2htYWVsIn0.c2lnbmF0dXJl';

describe('clean', () => {
  it('lets plain words pass, in any language', () => {
    for (const text of ['', 'the reader went away', 'größer als 水 🐋']) expect(clean(text)).toBe(text);
  });

  it('leaves nothing that could begin a line of its own, or turn one round', () => {
    expect(clean('bye\n{"level":50,"msg":"all is lost"}\r\u2028\u001b[31m\u202e')).toBe(
      'bye\\u000a{"level":50,"msg":"all is lost"}\\u000d\\u2028\\u001b[31m\\u202e',
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        // oxlint-disable-next-line no-control-regex -- none may be left
        expect(clean(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/);
        expect(clean(text).length).toBeLessThanOrEqual(257);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    [`token is ${jwt}`, 'token is [left out]'],
    [`Authorization: Basic aXNobWFlbA==`, 'Authorization: [left out]'],
    ['bearer abc.def-123', '[left out]'],
    ['GET /streams/a?token=s3cr3t&from=now', 'GET /streams/a?token=[left out]&from=now'],
    ['/streams/a?signature=abc%2F123', '/streams/a?signature=[left out]'],
    ['{"password":"call me"}', '{"password":[left out]}'],
    ['key slk_a1_abcdefghijklmnop-_', 'key [left out]'],
    ['redis://user:secret@host/0 is gone', 'redis://[left out]@host/0 is gone'],
    ['/streams/a?access=s1.k.1.sig', '/streams/a?access=[left out]'],
    ['x_api_key: 12345', 'x_api_key: [left out]'],
  ])('leaves tokens out: %s', (text, expected) => {
    expect(clean(text)).toBe(expected);
  });

  it('cuts what is long, between characters, and never looks at more than a bit of it', () => {
    expect(clean('x'.repeat(300))).toBe(`${'x'.repeat(256)}…`);
    expect(clean('🐋'.repeat(1_000_000)).isWellFormed()).toBe(true);
    expect(clean(`${'x'.repeat(255)}🐋🐋`).isWellFormed()).toBe(true);
  });
});
