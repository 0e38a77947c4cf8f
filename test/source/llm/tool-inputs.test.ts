import { describe, expect, it } from 'vitest';
import { filter, from, map, take } from 'rxjs';
import { StreamError } from '../../../src/chunk/index.js';
import { type LlmEvent, type ToolInputView, toolInputs } from '../../../src/source/llm/llm.js';
import { marbles } from '../../../src/testing/index.js';

const tool = { toolCallId: 'a', toolName: 'weather' };
const events: Record<string, LlmEvent> = {
  t: { type: 'text-delta', id: 't', delta: 'x' },
  s: { type: 'tool-input-start', ...tool, index: 0 },
  d: { type: 'tool-input-delta', toolCallId: 'a', delta: '{"city":"Flor' },
  e: { type: 'tool-input-delta', toolCallId: 'a', delta: 'ence"}' },
  c: { type: 'tool-call', ...tool, input: { city: 'Florence' }, inputText: '{"city":"Florence"}' },
  i: { type: 'tool-input-error', ...tool, inputText: '{"city":"Flor', message: 'no' },
  o: { type: 'tool-input-start', toolCallId: 'b', toolName: 'other', index: 1 },
};

const view = (status: ToolInputView['status'], value: unknown, delta = ''): object => ({
  ...tool,
  status,
  value,
  delta,
});
const views = {
  s: view('growing', undefined),
  d: view('growing', { city: 'Flor' }, '{"city":"Flor'),
  e: view('growing', { city: 'Florence' }, 'ence"}'),
  c: view('ready', { city: 'Florence' }),
  i: view('invalid', { city: 'Flor' }),
  x: view('cut', { city: 'Flor' }),
};

/** A value grows: what is seen is what it is at that moment. */
const seen = map((one: ToolInputView): object => ({ ...one, value: structuredClone(one.value) }));

describe('toolInputs', () => {
  it.each([
    ['shows an input as it grows, and when it is ready', '-t-s-d-e-c-|', '---s-d-e-c-|'],
    ['says that an input is no JSON', '-s-d-i-|', '-s-d-i-|'],
    ['says that an input was cut off by an error', '-s-d-#', '-s-d-(x#)'],
    ['says that an input was cut off by the end', '-s-d-|', '-s-d-(x|)'],
    ['knows only inputs that have begun', '-d-c-i-|', '-------|'],
  ])('%s', (_, diagram, result) =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold<LlmEvent>(diagram, events);
      expectObservable(source.pipe(toolInputs(), seen)).toBe(result, views);
      expectSubscriptions(source.subscriptions).toBe(`^${'-'.repeat(diagram.length - 2)}!`);
    }),
  );

  it('has a bound', () =>
    marbles(({ cold, expectObservable }) => {
      const error = new StreamError('overflow', 'toolInputs: more than maxTools = 1 inputs are unfinished', {
        operator: 'toolInputs',
      });
      const source = cold<LlmEvent>('-s-o-', events);
      expectObservable(source.pipe(toolInputs({ maxTools: 1 }), seen)).toBe(
        '-s-(x#)',
        { ...views, x: view('cut', undefined) },
        error,
      );
    }));

  it('stops when nobody looks any more', () => {
    const got: ToolInputView[] = [];
    from([events['s']!, events['o']!])
      .pipe(
        toolInputs(),
        filter(({ status }) => status === 'cut'),
        take(1),
      )
      .subscribe((one) => got.push(one));
    expect(got).toEqual([{ ...tool, status: 'cut', value: undefined, delta: '' }]);
    expect(() => toolInputs({ maxTools: 0 })).toThrow(RangeError);
  });
});
