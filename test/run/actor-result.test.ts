import type { ActorChunk } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { ActorResult } from '../../src/run/actor-result.js';

/** What chunks come to. */
function sum(chunks: readonly ActorChunk<unknown, unknown>[], maxLength = 100): unknown {
  const result = new ActorResult(maxLength);
  return chunks.map((chunk) => result.take(chunk)).at(-1);
}
const data = (value: unknown): ActorChunk<unknown, unknown> => ({ type: 'data', value });

describe('actor result', () => {
  it.each([
    ['texts as one', [data('a'), data('b'), { type: 'complete' }], 'ab'],
    ['all else as a list', [data('a'), data(1), { type: 'complete' }], ['a', 1]],
    ['the output, where there is one', [data('a'), { type: 'complete', output: 7 }], 7],
    ['an output that is null', [data('a'), { type: 'complete', output: null }], null],
    ['what was said last', [data('a'), { type: 'start' }, data('b'), { type: 'complete' }], 'b'],
    ['an empty text of a stream of nothing', [{ type: 'start' }, { type: 'complete' }], ''],
    ['nothing of what only executes', [{ type: 'complete' }], undefined],
    ['nothing but data', [{ type: 'progress', current: 1 }, data('a'), { type: 'complete' }], 'a'],
  ] as [string, ActorChunk<unknown, unknown>[], unknown][])('is %s', (_, chunks, output) => {
    expect(sum(chunks)).toEqual({ output });
  });

  it('is an error where the actor says one', () => {
    expect(() => sum([{ type: 'error', message: 'no', code: 'gap' }])).toThrow('no');
  });

  it('keeps a bounded amount, which a new start frees', () => {
    expect(() => sum([data('abc'), data('def')], 5)).toThrow('more than maxLength = 5');
    expect(sum([data('abc'), { type: 'start' }, data('def'), { type: 'complete' }], 5)).toEqual({ output: 'def' });
    expect(() => sum([data({}), data({})], 1)).toThrow('maxLength');
  });
});
