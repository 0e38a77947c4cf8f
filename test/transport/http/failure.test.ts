import { describe, expect, it } from 'vitest';
import { StreamError } from '../../../src/chunk/index.js';
import { errorOf, HttpError, isTransient, isTrue, type Reason } from '../../../src/transport/http/failure.js';

function error(status: number, headers: Record<string, string> = {}, reason: Reason = {}, said = ''): HttpError {
  return errorOf(new Response('', { status, headers }), 'GET /s', said, 1000, reason);
}

describe('errorOf', () => {
  it.each([
    [400, 'data-malformed'],
    [401, 'connection-refused'],
    [403, 'connection-refused'],
    [404, 'stream-not-found'],
    [405, 'connection-refused'],
    [408, 'connection-lost'],
    [410, 'stream-not-found'],
    [413, 'chunk-too-large'],
    [425, 'connection-lost'],
    [429, 'limit-reached'],
    [500, 'connection-lost'],
    [501, 'connection-refused'],
    [503, 'connection-lost'],
    [505, 'connection-refused'],
    [507, 'log-full'],
  ])('calls %i %s', (status, code) => {
    expect(error(status)).toMatchObject({ code, status });
  });

  it('believes whoever asked, who knows what it is about', () => {
    const reason = { code: 'stream-closed', field: 'data', offset: '0_9', epoch: 7, expected: 3 } as const;
    expect(error(409, {}, reason)).toMatchObject({
      code: 'stream-closed',
      offset: '0_9',
      epoch: 7,
      details: { field: 'data', expected: 3 },
    });
  });

  it('says what was asked and answered, and why', () => {
    expect(error(404, {}, {}, 'no such stream').message).toBe('GET /s: the server answered 404: no such stream');
    expect(error(404).message).toBe('GET /s: the server answered 404');
  });

  it.each([
    ['2', 2000],
    ['Thu, 01 Jan 1970 00:00:05 GMT', 4000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['soon', undefined],
    ['-1', undefined],
    [undefined, undefined],
  ])('reads Retry-After: %s as %s ms', (value, ms) => {
    const { retryAfterMs } = error(503, value === undefined ? {} : { 'retry-after': value });
    expect(retryAfterMs).toBe(ms);
  });
});

describe('isTransient', () => {
  it.each([
    [408, true],
    [425, true],
    [429, true],
    [500, true],
    [502, true],
    [503, true],
    [504, true],
    [520, true],
    [400, false],
    [401, false],
    [404, false],
    [409, false],
    [501, false],
    [505, false],
    [507, false],
  ])('takes %i: %s', (status, transient) => {
    expect(isTransient(error(status))).toBe(transient);
  });

  it('takes a broken connection, and nothing that is no trouble of HTTP', () => {
    expect(isTransient(new HttpError('connection-lost', ''))).toBe(true);
    expect(isTransient(new HttpError('data-malformed', ''))).toBe(false);
    expect(isTransient(new StreamError('connection-lost', ''))).toBe(false);
  });
});

describe('HttpError', () => {
  it('is a StreamError that knows nothing of an answer where there was none', () => {
    const cause = new Error('cut');
    const failure = new HttpError('connection-lost', 'broken', { cause });
    expect(failure).toBeInstanceOf(StreamError);
    expect(failure).toMatchObject({
      name: 'HttpError',
      code: 'connection-lost',
      status: undefined,
      cause,
      details: {},
    });
  });
});

describe('isTrue', () => {
  it('takes true in any case, and nothing else', () => {
    expect(['true', 'True', 'yes', '1', '', null].map(isTrue)).toEqual([true, true, false, false, false, false]);
  });
});
