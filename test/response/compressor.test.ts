import { describe, expect, it } from 'vitest';
import { checkCodings, isCompressible, negotiate } from '../../src/response/compressor.js';

describe('compressor', () => {
  it.each([
    ['gzip, br', ['br', 'gzip'], 'br'],
    ['gzip;q=0.9, br;q=0.5', ['br', 'gzip'], 'gzip'],
    ['GZIP ; Q=1', ['gzip'], 'gzip'],
    ['*', ['deflate'], 'deflate'],
    ['*;q=0, gzip', ['br', 'gzip'], 'gzip'],
    ['gzip;q=0', ['gzip'], undefined],
    ['gzip;q=nonsense', ['gzip'], undefined],
    ['identity', ['gzip'], undefined],
    ['', ['gzip'], undefined],
    [null, ['gzip'], undefined],
    ['gzip', [], undefined],
  ] as const)('chooses for "%s" of %j: %s', (accepted, ours, coding) => {
    expect(negotiate(accepted, ours)).toBe(coding);
  });

  it.each([
    ['text/plain; charset=utf-8', true],
    ['application/json', true],
    ['application/problem+json', true],
    ['application/x-ndjson; charset=utf-8', true],
    ['image/png', false],
    ['application/octet-stream', false],
    ['application/jsonish', false],
  ])('takes %s for compressible: %s', (type, yes) => {
    expect(isCompressible(type)).toBe(yes);
  });

  it.each(['gzip', 7, ['zip'], null])('refuses %j', (value) => {
    expect(() => checkCodings(value)).toThrow(
      /^compression must be true, false or some of "br", "gzip", "deflate", got /,
    );
  });
});
