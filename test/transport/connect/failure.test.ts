import { Code, type ConnectError } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { StreamError } from '../../../src/chunk/index.js';
import { closeCodes } from '../../../src/protocol/index.js';
import { callError, callErrorOf, closeError } from '../../../src/transport/connect/failure.js';
import { ErrorDetailSchema } from '../../../src/transport/connect/streams-pb.js';

const shown = (error: ConnectError) => {
  const [detail] = error.details as unknown as { value: object }[];
  return { status: Code[error.code], message: error.rawMessage, ...detail!.value };
};

describe('callError', () => {
  it.each([
    ['name-invalid', 'InvalidArgument'],
    ['stream-not-found', 'NotFound'],
    ['stream-closed', 'FailedPrecondition'],
    ['producer-fenced', 'Aborted'],
    ['log-full', 'ResourceExhausted'],
    ['unauthenticated', 'Unauthenticated'],
    ['forbidden', 'PermissionDenied'],
    ['log-unavailable', 'Unavailable'],
    ['internal', 'Internal'],
    ['step-timeout', 'Internal'],
  ] as const)('%s is %s, and says so itself', (code, status) => {
    expect(shown(callError(code, 'no'))).toEqual({ status, message: 'no', code, field: '' });
  });

  it('carries what would have been right, and how long to wait', () => {
    const error = callError('sequence-gap', 'no', { expected: 4, field: 'seq', retryAfterMs: 1.5 });
    expect(shown(error)).toMatchObject({ expected: 4n, field: 'seq', retryMs: 2n });
    expect(error.details).toMatchObject([{ desc: ErrorDetailSchema }]);
  });
});

describe('callErrorOf', () => {
  it('keeps an error of a call, and makes one of any other', () => {
    const error = callError('internal', 'no');
    expect(callErrorOf(error)).toBe(error);
    const fenced = new StreamError('producer-fenced', 'an epoch', { expected: 2 });
    expect(shown(callErrorOf(fenced))).toMatchObject({ status: 'Aborted', expected: 2n, message: 'an epoch' });
  });

  it('keeps to itself what a defect says', () => {
    expect(shown(callErrorOf(new Error('password')))).toMatchObject({
      status: 'Internal',
      message: 'a defect of the server',
    });
  });
});

describe('closeError', () => {
  it.each([
    ['going-away', 'Unavailable', 'connection-lost'],
    ['unavailable', 'Unavailable', 'log-unavailable'],
    ['limit-reached', 'ResourceExhausted', 'limit-reached'],
    ['unauthenticated', 'Unauthenticated', 'unauthenticated'],
    ['frame-malformed', 'Internal', 'internal'],
  ] as const)('%s is %s', (name, status, code) => {
    expect(shown(closeError(closeCodes[name], 'why', undefined))).toMatchObject({ status, code, message: 'why' });
  });

  it('says how long to wait after a goodbye', () => {
    expect(shown(closeError(closeCodes['going-away'], 'why', 300))).toMatchObject({ retryMs: 300n });
  });
});
