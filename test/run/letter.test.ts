import { createChunk } from 'sluice/chunk';
import { createMemoryLog } from 'sluice/log/memory';
import { createStreams } from 'sluice/streams';
import { describe, expect, it } from 'vitest';
import { isAnswerTo, letterOf, lettersOf, post } from '../../src/run/letter.js';

const answer = { type: 'answer', step: 'a', name: 'ok', value: true, by: 'ann' } as const;

describe('letter', () => {
  it.each([[answer], [{ type: 'cancel' }], [{ type: 'cancel', reason: 'x', by: 'ann' }]])('is %j', (said) => {
    expect(letterOf({ data: said })).toEqual(said);
  });

  it.each([
    [null],
    ['cancel'],
    [{ type: 'dance' }],
    [{ ...answer, more: 1 }],
    [{ type: 'cancel', reason: 'x'.repeat(2000) }],
  ])('is not %j', (data) => {
    expect(letterOf({ data })).toBeUndefined();
  });

  it('answers a question by its step and name, of those who may', () => {
    expect(isAnswerTo(answer, 'a', 'ok', undefined)).toBe(true);
    expect(isAnswerTo(answer, 'a', 'ok', ['bob', 'ann'])).toBe(true);
    expect(isAnswerTo(answer, 'a', 'ok', ['bob'])).toBe(false);
    expect(isAnswerTo(answer, 'b', 'ok', undefined)).toBe(false);
    expect(isAnswerTo(answer, 'a', 'no', undefined)).toBe(false);
    expect(isAnswerTo({ ...answer, by: undefined }, 'a', 'ok', ['ann'])).toBe(false);
    expect(isAnswerTo({ type: 'cancel' }, 'a', 'ok', undefined)).toBe(false);
  });

  it('is posted where nobody has said anything since, and all of them are read', async () => {
    const streams = createStreams({ log: createMemoryLog() });
    expect(await lettersOf(streams, 'r')).toEqual({ letters: [], next: 0 });
    await post(streams, 'r', { type: 'cancel' });
    await streams.publish('runs/r/inbox', [createChunk({ streamId: 'x', seq: 0, data: 'noise' })]);
    await expect(post(streams, 'r', answer, 1)).rejects.toMatchObject({ code: 'append-conflict' });
    await post(streams, 'r', answer, 2);
    expect(await lettersOf(streams, 'r')).toEqual({ letters: [{ type: 'cancel' }, answer], next: 3 });
  });
});
