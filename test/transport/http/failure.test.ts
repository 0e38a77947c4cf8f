import { describe, expect, it } from 'vitest';
import { StreamError } from '../../../src/chunk/index.js';
import { errorOf, HttpError, isTransient, isTrue } from '../../../src/transport/http/failure.js';

const get = { method: 'GET', path: '/s', located: false, numbered: false };
const post = { ...get, method: 'POST' };

function error(status: number, headers: Record<string, string> = {}, refused = get, said = ''): HttpError {
  return errorOf(new Response(status === 204 ? null : '', { status, headers }), refused, said, 1000);
}

describe('errorOf', () => {
  it.each([
    [400, {}, get, 'data-malformed', {}],
    [400, {}, { ...get, located: true }, 'data-malformed', { field: 'offset' }],
    [401, {}, get, 'connection-refused', {}],
    [403, {}, post, 'connection-refused', {}],
    [403, { 'producer-epoch': '7' }, post, 'producer-fenced', {}],
    [404, {}, get, 'stream-not-found', {}],
    [405, {}, post, 'connection-refused', {}],
    [409, {}, { ...get, method: 'PUT' }, 'stream-exists', {}],
    [409, { 'stream-closed': 'true' }, post, 'stream-closed', {}],
    [409, { 'producer-expected-seq': '3' }, post, 'sequence-gap', { expected: 3 }],
    [409, { 'producer-expected-seq': 'x' }, post, 'data-malformed', { field: 'contentType' }],
    [409, {}, { ...post, numbered: true }, 'sequence-gap', { field: 'seq' }],
    [410, {}, { ...get, located: true }, 'gap', {}],
    [410, {}, get, 'stream-not-found', {}],
    [413, {}, post, 'chunk-too-large', {}],
    [429, {}, get, 'limit-reached', {}],
    [500, {}, get, 'connection-lost', {}],
    [501, {}, post, 'connection-refused', {}],
    [503, {}, get, 'connection-lost', {}],
    [507, {}, post, 'log-full', {}],
  ])('calls %i with %o of %o %s', (status, headers, refused, code, details) => {
    expect(error(status, headers as Record<string, string>, refused)).toMatchObject({ code, status, details });
  });

  it('says what was asked and answered, and why', () => {
    expect(error(404, {}, get, 'no such stream').message).toBe('GET /s: the server answered 404: no such stream');
    expect(error(404).message).toBe('GET /s: the server answered 404');
  });

  it('tells the end of a closed stream and the epoch in force', () => {
    expect(error(409, { 'stream-closed': 'TRUE', 'stream-next-offset': '0_9' }, post).offset).toBe('0_9');
    expect(error(403, { 'producer-epoch': '7' }, post).epoch).toBe(7);
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
