import { from, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { bufferDeltas, type LlmEvent } from '../../../src/source/llm/llm.js';
import { marbles } from '../../../src/testing/index.js';

const text = (delta: string, id = 't'): LlmEvent => ({ type: 'text-delta', id, delta });

function buffered(events: readonly LlmEvent[], options: Parameters<typeof bufferDeltas>[0]): LlmEvent[] {
  let got: LlmEvent[] = [];
  from(events)
    .pipe(bufferDeltas(options), toArray())
    .subscribe((all) => (got = all));
  return got;
}

describe('bufferDeltas', () => {
  it('makes one of what comes within a time', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const values = { a: text('a'), b: text('b'), c: text('c'), d: text('d'), x: text('abc') };
      const source = cold<LlmEvent>('abc-----d|', values);
      const subscription = '         ^--------!';
      const result = '               ---x-----(d|)';
      expectObservable(source.pipe(bufferDeltas({ maxDelayMs: 3 }))).toBe(result, values);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  it('gives what it holds before an error', () =>
    marbles(({ cold, expectObservable }) => {
      const values = { a: text('a'), b: text('b'), x: text('ab') };
      const source = cold<LlmEvent>('ab#', values);
      expectObservable(source.pipe(bufferDeltas({ maxDelayMs: 30 }))).toBe('--(x#)', values);
    }));

  it('joins what belongs together and follows each other, and nothing else', () => {
    const input = (delta: string, toolCallId: string): LlmEvent => ({ type: 'tool-input-delta', toolCallId, delta });
    const sound: LlmEvent = { type: 'audio-delta', delta: 'YQ==' };
    const refusal = (delta: string, choice?: number): LlmEvent => ({
      type: 'refusal-delta',
      delta,
      ...(choice === undefined ? {} : { choice }),
    });
    const end: LlmEvent = { type: 'text-end', id: 't' };
    const thought: LlmEvent = { type: 'reasoning-delta', id: 't', delta: 'd' };
    const events = [
      text('a'),
      text('b'),
      text('c', 'u'),
      thought,
      input('{', 'x'),
      input('}', 'x'),
      input('{', 'y'),
      sound,
      sound,
      refusal('n'),
      refusal('o'),
      refusal('p', 1),
      text('e'),
      end,
      text('f'),
    ];
    expect(buffered(events, { maxItems: 100 })).toEqual([
      text('ab'),
      text('c', 'u'),
      thought,
      input('{}', 'x'),
      input('{', 'y'),
      sound,
      sound,
      refusal('no'),
      refusal('p', 1),
      text('e'),
      end,
      text('f'),
    ]);
  });

  it('counts what a text has, and nothing else', () => {
    const start: LlmEvent = { type: 'text-start', id: 't' };
    const events = [start, text('ab'), start, text('cd'), text('e'), text('fghijk'), text('l')];
    const joined = [start, text('ab'), start, text('cde'), text('fghijk'), text('l')];
    expect(buffered(events, { maxLength: 5 })).toEqual(joined);
    expect(buffered(events, { maxItems: 1 })).toEqual(events);
  });

  it('keeps the last number, behind which all is there', () => {
    const [a, b] = [
      { ...text('a'), sequence: 1 },
      { ...text('b'), sequence: 2 },
    ];
    expect(buffered([a, b], { maxItems: 9 })).toEqual([{ ...text('ab'), sequence: 2 }]);
  });

  it('needs a bound', () => expect(() => bufferDeltas({})).toThrow(TypeError));
});
