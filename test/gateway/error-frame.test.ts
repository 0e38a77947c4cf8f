import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import { errorFrame } from '../../src/gateway/error-frame.js';

describe('errorFrame', () => {
  it('says what went wrong, and nothing that is not known', () => {
    expect(errorFrame(new StreamError('log-full', 'no room'))).toEqual({
      t: 'error',
      code: 'log-full',
      message: 'no room',
    });
  });

  it('names what it is about, and what the client can do', () => {
    const error = new StreamError('rate-limited', 'slower', { expected: 4, field: 'seq', retryAfterMs: 10.2 });
    expect(errorFrame(error, { stream: 's', ch: 1, producer: 'p', epoch: 2 })).toEqual({
      t: 'error',
      code: 'rate-limited',
      message: 'slower',
      stream: 's',
      ch: 1,
      producer: 'p',
      epoch: 2,
      expected: 4,
      field: 'seq',
      retryAfterMs: 11,
    });
  });
});
