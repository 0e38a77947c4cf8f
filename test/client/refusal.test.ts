import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../src/client/refusal.js';

describe('refusalOf', () => {
  it('is an error of the code the server says, with what it says about it', () => {
    const error = refusalOf({
      t: 'error',
      code: 'sequence-gap',
      message: 'no',
      stream: 's',
      expected: 0,
      retryAfterMs: 5,
    });
    expect(error).toMatchObject({ code: 'sequence-gap', message: 'no' });
    expect(error.details).toStrictEqual({ streamId: 's', expected: 0, retryAfterMs: 5 });
  });

  it('has no details of what was not said', () => {
    expect(refusalOf({ t: 'error', code: 'internal', message: '' }).details).toStrictEqual({});
  });
});
