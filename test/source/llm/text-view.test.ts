import { describe, expect, it } from 'vitest';
import { type LlmEvent, type TextView, type TextViewOptions, textView } from '../../../src/source/llm/llm.js';
import { marbles } from '../../../src/testing/index.js';
import { map } from 'rxjs';

const finish: LlmEvent = { type: 'finish', finishReason: 'stop', rawFinishReason: 'stop' };
const events: Record<string, LlmEvent> = {
  s: { type: 'start', format: 'gemini' },
  a: { type: 'text-delta', id: 't', delta: 'ab' },
  b: { type: 'text-delta', id: 'u', delta: 'cd' },
  o: { type: 'text-delta', id: 'o', choice: 1, delta: 'other' },
  r: { type: 'reasoning-delta', id: 'r', delta: 'hm' },
  f: finish,
  g: {
    ...finish,
    choices: [0, 1].map((choice) => ({ choice, finishReason: 'stop' as const, rawFinishReason: 'stop' })),
  },
};

/** A view as its fields: the text is a getter. */
const plain = ({ choice, delta, text, status, progress }: TextView): object => ({
  choice,
  delta,
  text,
  status,
  ...progress,
});

function view(text: string, delta: string, more: object = {}): object {
  const [length, fraction] = [text.length, undefined];
  return { choice: 0, delta, text, status: 'growing', length, fraction, elapsedMs: 0, perSecond: 0, ...more };
}

function expectViews(diagram: string, options: TextViewOptions, result: string, values: Record<string, object>): void {
  marbles(({ cold, expectObservable }) => {
    const source = cold<LlmEvent>(diagram, events);
    expectObservable(source.pipe(textView(options), map(plain))).toBe(result, values);
  });
}

describe('textView', () => {
  it('shows all texts of an answer as one, how far it is, and when it is done', () => {
    expectViews('s-a-b-f|', {}, '--x-y-z|', {
      x: view('ab', 'ab', { elapsedMs: 2, perSecond: 1000 }),
      y: view('abcd', 'cd', { elapsedMs: 4, perSecond: 1000 }),
      z: view('abcd', '', { elapsedMs: 6, perSecond: 4000 / 6, status: 'done' }),
    });
  });

  it('tells the fraction of what is expected', () => {
    expectViews('(abf|)', { expectedLength: 3 }, '(xyz|)', {
      x: view('ab', 'ab', { fraction: 2 / 3 }),
      y: view('abcd', 'cd', { fraction: 1 }),
      z: view('abcd', '', { fraction: 1, status: 'done' }),
    });
  });

  it('shows a text no more often than it is asked to', () => {
    expectViews('a-b-----f|', { everyMs: 4 }, '----x---z|', {
      x: view('abcd', 'abcd', { elapsedMs: 4, perSecond: 1000 }),
      z: view('abcd', '', { elapsedMs: 8, perSecond: 500, status: 'done' }),
    });
  });

  it('shows thoughts when it is asked to', () => {
    expectViews('(raf|)', { of: 'reasoning' }, '(xz|)', { x: view('hm', 'hm'), z: view('hm', '', { status: 'done' }) });
  });

  it('tells several answers apart, each with an end', () => {
    expectViews('(aog|)', {}, '(xyzw|)', {
      x: view('ab', 'ab'),
      y: view('other', 'other', { choice: 1 }),
      z: view('ab', '', { status: 'done' }),
      w: view('other', '', { choice: 1, status: 'done' }),
    });
  });

  it.each([
    ['an error', '(a#)', '(xy#)'],
    ['no last word', '(a|)', '(xy|)'],
  ])('has only a part where there is %s', (_, diagram, result) => {
    expectViews(diagram, {}, result, { x: view('ab', 'ab'), y: view('ab', '', { status: 'partial' }) });
  });

  it('lets the source go', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold<LlmEvent>('a---', events);
      expectObservable(
        source.pipe(
          textView(),
          map(({ text }) => text),
        ),
        '--!',
      ).toBe('x--', { x: 'ab' });
      expectSubscriptions(source.subscriptions).toBe('^-!');
    }));

  it('refuses what it cannot do', () => {
    expect(() => textView({ of: 'thoughts' as never })).toThrow(TypeError);
    expect(() => textView({ expectedLength: 0 })).toThrow(RangeError);
  });
});
