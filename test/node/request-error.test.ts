import { StreamError } from 'sluice/chunk';
import { describe, expect, it } from 'vitest';
import { foreign, refusalOf, RequestError, tooMany } from '../../src/node/request-error.js';

describe('refusalOf', () => {
  it.each([
    [new RequestError(415, 'frame-malformed', 'm', 'f'), 415, 'frame-malformed', 'f'],
    [foreign(), 403, 'connection-refused', undefined],
    [tooMany('runs', 3), 429, 'limit-reached', undefined],
    [new StreamError('run-not-found', 'm'), 404, 'run-not-found', undefined],
    [new StreamError('answer-refused', 'm', { field: 'name' }), 409, 'answer-refused', 'name'],
    [new StreamError('chunk-invalid', 'm'), 500, 'chunk-invalid', undefined],
  ])('tells of %s with %i', (error, status, code, field) => {
    expect(refusalOf(error)).toMatchObject({ status, code, message: error.message });
    expect(refusalOf(error).field).toBe(field);
  });

  it('says nothing of what is none of ours', () => {
    expect(refusalOf(new Error('password 123'))).toEqual({
      status: 500,
      code: 'internal',
      message: 'the request failed here',
    });
  });
});
