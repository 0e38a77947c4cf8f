import { describe, expect, it } from 'vitest';
import { headOf } from '../../src/response/head.js';

describe('head', () => {
  it('asks proxies to pass on every part', () => {
    expect(headOf('text/plain', 'gzip', {})).toEqual({
      status: 200,
      headers: {
        'content-type': 'text/plain',
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store, no-transform',
        'x-accel-buffering': 'no',
      },
      coding: undefined,
    });
  });

  it('names the coding, and that it depends on the reader', () => {
    const { headers, coding } = headOf('text/plain', 'br', { compression: true });
    expect([coding, headers['content-encoding'], headers['vary']]).toEqual(['br', 'br', 'accept-encoding']);
    expect(headOf('text/plain', undefined, { compression: ['br'] })).toMatchObject({
      coding: undefined,
      headers: { vary: 'accept-encoding' },
    });
    expect(headOf('image/png', 'br', { compression: true }).coding).toBe(undefined);
  });

  it('takes headers of the caller’s in place of its own', () => {
    const { status, headers } = headOf('text/plain', null, {
      status: 203,
      headers: { 'Cache-Control': 'max-age=1', 'X-Own': 'a' },
    });
    expect([status, headers['cache-control'], headers['x-own']]).toEqual([203, 'max-age=1', 'a']);
  });
});
