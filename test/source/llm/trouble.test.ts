import { describe, expect, it } from 'vitest';
import { providerTrouble, retryAfter, toTrouble, Trouble, truncated } from '../../../src/source/llm/trouble.js';

describe('providerTrouble', () => {
  it.each<[string, unknown, object]>([
    ['text', 'no', { message: 'no', facts: { retryable: false } }],
    ['a message', { message: 'no', code: 'x' }, { message: 'no', facts: { code: 'x' } }],
    ['an error in an error', { type: 'error', error: { error: { message: 'no' } } }, { message: 'no' }],
    ['text in an error', { error: 'no' }, { message: 'no' }],
    ['a detail', { detail: 'no' }, { message: 'no' }],
    ['nothing but a type', { type: 'overloaded_error' }, { message: 'overloaded_error', facts: { retryable: true } }],
    ['nothing', {}, { message: 'the provider reports an error', facts: { retryable: false } }],
    ['a number for a code', { message: 'no', code: 503 }, { facts: { code: '503', status: 503, retryable: true } }],
    ['a number that is no status', { message: 'no', code: 7 }, { facts: { code: '7', retryable: false } }],
    ['a status of its own', { message: 'no', status_code: 400 }, { facts: { status: 400, retryable: false } }],
    [
      'words of Google',
      { message: 'no', code: 499, status: 'CANCELLED' },
      { facts: { code: 'CANCELLED', status: 499 } },
    ],
    [
      'what stays as it is',
      { message: 'no', code: 'insufficient_quota', status: 429 },
      { facts: { retryable: false } },
    ],
  ])('understands %s', (_, error, trouble) => {
    expect(providerTrouble(error)).toMatchObject({ kind: 'provider', ...trouble });
  });

  it('knows when Google wants to be asked again', () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '7.5s' }];
    const { facts } = providerTrouble({
      error: { code: 429, message: 'slow down', status: 'RESOURCE_EXHAUSTED', details },
    });
    expect(facts).toEqual({ code: 'RESOURCE_EXHAUSTED', status: 429, retryable: true, retryAfterMs: 7500 });
  });

  it('does not hand on a book', () => {
    expect(providerTrouble('x'.repeat(5000)).message).toHaveLength(2000);
  });
});

describe('retryAfter', () => {
  it.each<[object, number | undefined]>([
    [{ 'retry-after': '2' }, 2000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after-ms': '250', 'retry-after': '2' }, 250],
    [{ 'retry-after': 'Thu, 01 Jan 1970 00:00:10 GMT' }, 7000],
    [{ 'retry-after': 'Thu, 01 Jan 1970 00:00:01 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('reads %j', (headers, ms) => {
    expect(retryAfter(headers, 3000)).toBe(ms);
    expect(retryAfter(new Headers(headers as Record<string, string>), 3000)).toBe(ms);
  });

  it('knows nothing of headers that are none', () => expect(retryAfter(undefined, 0)).toBeUndefined());
});

describe('toTrouble', () => {
  const kind = (thrown: unknown, aborted = false): string => toTrouble(thrown, aborted, 0).kind;
  class APIUserAbortError extends Error {}
  class APIConnectionError extends Error {}

  it.each<[string, unknown, string]>([
    ['a trouble', truncated(), 'truncated'],
    ['an abort of fetch', new DOMException('aborted', 'AbortError'), 'aborted'],
    ['an abort of an SDK', new APIUserAbortError('aborted'), 'aborted'],
    ['a connection that an SDK lost', new APIConnectionError('lost'), 'transport'],
    ['a connection that fetch lost', new TypeError('terminated'), 'transport'],
    ['a connection that a socket lost', Object.assign(new Error('x'), { code: 'ECONNRESET' }), 'transport'],
    ['a timeout of undici', new Error('x', { cause: { code: 'UND_ERR_BODY_TIMEOUT' } }), 'transport'],
    ['a stream that was closed', Object.assign(new Error('x'), { code: 'ERR_STREAM_PREMATURE_CLOSE' }), 'transport'],
    ['JSON that is none', new SyntaxError('x'), 'malformed'],
    ['an early end of genai', new Error('Incomplete JSON segment at the end'), 'truncated'],
    ['an early end of ollama', new Error('Did not receive done or success response in stream.'), 'truncated'],
    ['an error with a status', Object.assign(new Error('x'), { status: 500 }), 'provider'],
    ['an error with an error', Object.assign(new Error('x'), { error: { message: 'y' } }), 'provider'],
    ['an error in the words of a provider', new Error('model is gone'), 'provider'],
    ['something else', 'x', 'provider'],
  ])('sees %s', (_, thrown, expected) => expect(kind(thrown)).toBe(expected));

  it('takes everything for an abort that comes of ours', () => expect(kind(new TypeError('x'), true)).toBe('aborted'));

  it('can be tried again when the connection is to blame', () => {
    expect(toTrouble(new TypeError('terminated'), false, 0).facts).toEqual({ retryable: true });
    expect(truncated().facts).toEqual({ retryable: true });
  });

  it('finds what an SDK says of an answer that is none', () => {
    const headers = new Headers({ 'retry-after': '1' });
    const error = { message: 'slow down', type: 'rate_limit_error' };
    const thrown = Object.assign(new Error('429 slow down'), { status: 429, headers, error });
    const expected = { message: 'slow down', facts: { status: 429, code: 'rate_limit_error', retryAfterMs: 1000 } };
    expect(toTrouble(thrown, false, 0)).toMatchObject(expected);
  });

  it('finds the body of an answer in a message', () => {
    const message = JSON.stringify({ error: { code: 429, message: 'slow down', status: 'RESOURCE_EXHAUSTED' } });
    const trouble = toTrouble(Object.assign(new Error(message), { status: 429 }), false, 0);
    expect(trouble).toMatchObject({ message: 'slow down', facts: { code: 'RESOURCE_EXHAUSTED', retryable: true } });
    expect(trouble).toBeInstanceOf(Trouble);
  });
});
