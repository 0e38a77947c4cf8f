import { describe, expect, it } from 'vitest';
import { answerLost, failureOf, unreachable, verdictOf } from '../../../src/log/redis/failure.js';

describe('verdictOf', () => {
  it.each([
    ['NOSCRIPT No matching script. Please use EVAL.', 'no-script'],
    ['LOADING Redis is loading the dataset in memory', 'later'],
    ['BUSY Redis is busy running a script.', 'later'],
    ['TRYAGAIN Multiple keys request during rehashing of slot', 'later'],
    ['CLUSTERDOWN The cluster is down', 'later'],
    ['MASTERDOWN Link with MASTER is down', 'later'],
    ['NOREPLICAS Not enough good replicas to write.', 'later'],
    ["Stream isn't writeable and enableOfflineQueue options is false", 'later'],
    ["Cluster isn't ready and enableOfflineQueue options is false", 'later'],
    ['The client is offline', 'later'],
    ["READONLY You can't write against a read only replica. script: 5c, on @user_script:9.", 'elsewhere'],
    ['ERR Error running script (call to f_5c): @user_script:9: READONLY You cannot write', 'elsewhere'],
    ['Connection is closed.', 'unknown'],
    ['Reached the max retries per request limit (which is 0).', 'unknown'],
    ['Socket closed unexpectedly', 'unknown'],
    ['read ECONNRESET', 'unknown'],
    ['OOM command not allowed', 'final'],
    ['ERR unknown command', 'final'],
  ])('judges %j as %s', (message, verdict) => {
    expect(verdictOf(new Error(message))).toBe(verdict);
  });
});

describe('failureOf', () => {
  it.each([
    ["OOM command not allowed when used memory > 'maxmemory'.", 'log-full'],
    ['ERR Error running script (call to f_5c): @user_script: 9: OOM command not allowed', 'log-full'],
    ['MISCONF Errors writing to the AOF file: No space left on device', 'log-full'],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', 'log-incompatible'],
    ['ERR The ID specified in XADD is equal or smaller than the target stream top item', 'log-incompatible'],
    ['NOAUTH Authentication required.', 'log-unavailable'],
    ['NOPERM this user has no permissions', 'log-unavailable'],
    ['ERR unknown command `EVALSHA`', 'log-unavailable'],
  ])('names %j', (message, code) => {
    const cause = new Error(message);
    expect(failureOf(cause, 's')).toMatchObject({ code, cause, details: { streamId: 's' } });
    expect(failureOf(cause, 's').message).toContain('"s"');
    expect(failureOf(cause, undefined)).toMatchObject({ code, details: {} });
  });
});

describe('unreachable', () => {
  it('says why, where that is known', () => {
    expect(unreachable(undefined).message).toBe('Redis cannot be reached');
    expect(unreachable(new Error('connect ECONNREFUSED')).message).toBe(
      'Redis cannot be reached: connect ECONNREFUSED',
    );
    expect(unreachable(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })).message).toMatch(/: ECONNREF/);
    expect(unreachable('odd')).toMatchObject({ code: 'log-unavailable', cause: 'odd' });
  });
});

describe('answerLost', () => {
  it('names the stream and what broke', () => {
    const cause = new Error('Connection is closed.');
    expect(answerLost(cause, 's')).toMatchObject({ code: 'connection-lost', cause, details: { streamId: 's' } });
  });
});
