import { describe, expect, it } from 'vitest';
import { closeCodes } from '../../../src/protocol/index.js';
import { errorOfClose, errorOfStatus, statusOf } from '../../../src/transport/sse/status.js';

describe('statusOf', () => {
  it.each([
    ['name-invalid', 400],
    ['frame-invalid', 400],
    ['connection-refused', 403],
    ['stream-not-found', 404],
    ['limit-reached', 429],
    ['connection-lost', 503],
    ['log-unavailable', 503],
    ['internal', 500],
    ['log-full', 500],
  ] as const)('%s is %i', (code, status) => {
    expect(statusOf(code)).toBe(status);
  });
});

describe('errorOfClose', () => {
  it.each([
    [closeCodes['limit-reached'], 'limit-reached'],
    [closeCodes['going-away'], 'connection-lost'],
    [closeCodes.unavailable, 'log-unavailable'],
    [closeCodes.internal, 'internal'],
    [closeCodes['idle-timeout'], 'internal'],
  ])('%i is %s', (code, error) => {
    expect(errorOfClose(code)).toBe(error);
  });
});

describe('errorOfStatus', () => {
  it.each([
    [204, 'connection-refused'],
    [401, 'unauthenticated'],
    [404, 'stream-not-found'],
    [429, 'limit-reached'],
    [502, undefined],
  ])('%i is %s', (status, error) => {
    expect(errorOfStatus(status)).toBe(error);
  });
});
