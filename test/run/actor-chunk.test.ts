import { StreamError } from 'sluice/chunk';
import { isActorEnd } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { calledOff, errorChunk, errorOf } from '../../src/run/actor-chunk.js';

describe('actor chunk', () => {
  it.each([
    ['start', false],
    ['progress', false],
    ['data', false],
    ['complete', true],
    ['error', true],
  ])('of type %s is an end: %s', (type, isEnd) => {
    expect(isActorEnd({ type })).toBe(isEnd);
  });

  it('tells of an error so that it can be thrown again', () => {
    const chunk = errorChunk(new StreamError('overflow', 'too much'));
    expect(chunk).toEqual({ type: 'error', message: 'too much', code: 'overflow' });
    expect(errorOf(chunk)).toMatchObject({ name: 'StreamError', code: 'overflow', message: 'too much' });
    expect(errorChunk('odd')).toEqual({ type: 'error', message: 'odd' });
    expect(errorOf({ message: 'odd', code: 'of yours' })).toMatchObject({ code: 'stream-failed', message: 'odd' });
  });

  it('says why a call was called off', () => {
    expect(calledOff('enough')).toMatchObject({ code: 'run-cancelled', message: 'enough' });
    const reason = new Error('gone');
    expect(calledOff(reason)).toMatchObject({ message: 'the call was cancelled', cause: reason });
    const error = new StreamError('idle-timeout', 'late');
    expect(calledOff(error)).toBe(error);
  });
});
