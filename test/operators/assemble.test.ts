import fc from 'fast-check';
import { from, map, type OperatorFunction, pipe, Subject, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { assemble, type AssembleOptions, type Assembled } from '../../operators/index.js';
import { marbles, operatorLaws } from '../../src/testing/index.js';
import { streamError } from './alphabet.js';

/** What an assembled text says, on a line. */
const line = ({ status, text }: Assembled<unknown>) => `${status} ${text}`;
const lines = map(line);

/** Lower-case letters add themselves; c is the last, - adds nothing. */
const letters: AssembleOptions<string> = {
  delta: (letter) => (letter === '-' ? '' : letter),
  finish: (letter) => (letter === 'c' ? 'stop' : undefined),
};
const plain = { a: 'a', b: 'b', c: 'c', x: 'x' };
const values = {
  A: 'growing a',
  B: 'growing ab',
  C: 'done abc',
  P: 'partial ab',
};

const number = { delta: (n: number) => `${n},`, everyItems: 2 };
const grown = (items: readonly number[]) => items.map((_, n) => items.slice(0, n + 1).join(',') + ',');
operatorLaws<number, string>('assemble', () => pipe(assemble({ delta: (n: number) => `${n},` }), lines), {
  expected: (items) => [
    ...grown(items).map((text) => `growing ${text}`),
    ...grown(items)
      .slice(-1)
      .map((text) => `partial ${text}`),
  ],
  delayed: true,
  throwing: {
    delta: (boom) => pipe(assemble({ delta: boom }), lines),
    key: (boom) => pipe(assemble({ ...number, key: boom }), lines),
    finish: (boom) => pipe(assemble({ ...number, finish: boom }), lines),
    check: (boom) => pipe(assemble({ ...number, check: boom }), lines),
  },
});
operatorLaws<number, string>('assemble', () => pipe(assemble({ ...number, everyMs: 1000 }), lines), {
  expected: (items) => [
    ...grown(items)
      .filter((_, n) => n % 2 === 1)
      .map((text) => `growing ${text}`),
    ...grown(items)
      .slice(-1)
      .map((text) => `partial ${text}`),
  ],
  firehose: 6,
  delayed: true,
});
operatorLaws<{ n: number }, string>(
  'assemble',
  () => pipe(assemble({ key: ({ n }: { n: number }) => n, delta: ({ n }) => `${n}`, finish: () => 'stop' }), lines),
  { item: (n) => ({ n }), expected: (items) => items.map(({ n }) => `done ${n}`), holds: 0 },
);

/** Checks a picture on a cold and on a hot source. */
function picture(
  options: Partial<AssembleOptions<string>>,
  shown: { source: string; subscription: string; result: string; values?: object; error?: unknown; consumer?: string },
): void {
  for (const temperature of ['cold', 'hot'] as const) {
    marbles(({ expectObservable, expectSubscriptions, ...make }) => {
      const input = make[temperature](shown.source, { ...plain, ...shown.values });
      const output = input.pipe(assemble({ ...letters, ...options }), lines);
      expectObservable(output, shown.consumer).toBe(shown.result, { ...values, ...shown.values }, shown.error);
      expectSubscriptions(input.subscriptions).toBe(shown.subscription);
    });
  }
}

/** All that comes out of these items. */
function outcome<T, K>(items: readonly T[], operator: OperatorFunction<T, Assembled<K>>): unknown[] {
  const seen: unknown[] = [];
  from(items)
    .pipe(operator)
    .subscribe({
      next: ({ status, text, ...more }) => seen.push({ status, text, ...more }),
      error: (error) => seen.push(error),
      complete: () => seen.push('complete'),
    });
  return seen;
}

describe('assemble', () => {
  it('emits a text as it grows, and as a whole with its last item', () =>
    picture({}, { source: '-a-b-c|', subscription: '^-----!', result: '-A-B-C|' }));

  it('emits only the whole, when told to', () =>
    picture({ emit: 'final' }, { source: '-a-b-c|', subscription: '^-----!', result: '-----C|' }));

  it('emits what there is when the source completes before the last item', () => {
    picture({ emit: 'final' }, { source: '-a-b-|', subscription: '^----!', result: '-----(P|)' });
    picture({}, { source: '-a-b-|', subscription: '^----!', result: '-A-B-(P|)' });
  });

  it('emits what there is before an error, unless told not to', () => {
    picture({ emit: 'final' }, { source: '-a-b-#', subscription: '^----!', result: '-----(P#)' });
    picture({ onError: 'discard' }, { source: '-a-b-#', subscription: '^----!', result: '-A-B-#' });
  });

  it('makes nothing of nothing', () => {
    picture({}, { source: '---|', subscription: '^--!', result: '---|' });
    picture({ finish: () => undefined }, { source: '-x-|', subscription: '^--!', result: '---|', values: { x: '-' } });
    picture({ delta: () => undefined }, { source: '-a-|', subscription: '^--!', result: '---|' });
  });

  it('finishes a text with an item that adds nothing', () => {
    expect(
      outcome(
        ['a', 'end'],
        assemble({ delta: (s) => (s === 'end' ? '' : s), finish: (s) => (s === 'end' ? s : undefined) }),
      ),
    ).toMatchObject([{ status: 'growing' }, { status: 'done', text: 'a', reason: 'end', delta: '' }, 'complete']);
  });

  it('begins anew behind the last item of a text', () =>
    picture(
      {},
      {
        source: '      -a-c-b|',
        subscription: '^-----!',
        result: '      -A-C-B(P|)',
        values: { C: 'done ac', B: 'growing b', P: 'partial b' },
      },
    ));

  it('says what is new, how long the text is and why it ended', () => {
    expect(outcome(['a', 'b', 'c'], assemble({ ...letters, everyItems: 2 }))).toEqual([
      {
        key: undefined,
        status: 'growing',
        text: 'ab',
        delta: 'ab',
        length: 2,
        truncated: false,
        reason: undefined,
        error: undefined,
      },
      {
        key: undefined,
        status: 'done',
        text: 'abc',
        delta: 'c',
        length: 3,
        truncated: false,
        reason: 'stop',
        error: undefined,
      },
      'complete',
    ]);
  });

  it('writes its text out where it is made JSON', () => {
    const [first] = collected(['a'], assemble(letters));
    expect(JSON.parse(JSON.stringify(first))).toMatchObject({ status: 'growing', text: 'a', delta: 'a' });
  });

  it('remembers each snapshot as it was', () => {
    const snapshots = collected(['a', 'b', 'c'], assemble(letters));
    expect(snapshots.map(({ text }) => text)).toEqual(['a', 'ab', 'abc']);
    expect(snapshots.toReversed().map(({ text }) => text)).toEqual(['abc', 'ab', 'a']);
  });

  describe('emits snapshots', () => {
    it('every so many items', () =>
      picture(
        { everyItems: 2 },
        { source: '-a-b-a-c|', subscription: '^-------!', result: '---B---D|', values: { D: 'done abac' } },
      ));

    it('after so many milliseconds', () =>
      picture(
        { everyMs: 4 },
        {
          source: '      -ab------a------|',
          subscription: '^---------------!',
          result: '      -----B-------D--(P|)',
          values: { D: 'growing aba', P: 'partial aba' },
        },
      ));

    it('after so many items or milliseconds, whichever comes first, and none that was there', () =>
      picture(
        { everyMs: 4, everyItems: 2 },
        {
          source: '      -ab---a----|',
          subscription: '^----------!',
          result: '      --B-------D(P|)',
          values: { D: 'growing aba', P: 'partial aba' },
        },
      ));

    it('of the texts that have grown, and stops when its consumer has enough', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('(ab)-a-----|');
        const option = { delta: (s: string) => s, key: (s: string) => s, everyMs: 6 };
        expectObservable(source.pipe(assemble(option), lines, take(1))).toBe('------(x|)', { x: 'growing aa' });
        expectSubscriptions(source.subscriptions).toBe('^-----!');
      });
    });

    it('none when it has been let go', () =>
      picture({ everyMs: 4 }, { source: '-a-----|', consumer: '^--!', subscription: '^--!', result: '----' }));

    it('none on the way with emit: final', () =>
      picture(
        { everyMs: 1, emit: 'final' },
        { source: '-a---c|', subscription: '^-----!', result: '-----C|', values: { C: 'done ac' } },
      ));
  });

  it('assembles interleaved texts apart, in the order they began', () => {
    type Token = [key: number, text: string];
    const option = {
      key: ([key]: Token) => key,
      delta: ([, text]: Token) => text,
      finish: ([, text]: Token) => (text === '.' ? 'stop' : undefined),
      emit: 'final',
    } as const;
    const tokens: Token[] = [
      [1, 'a'],
      [0, 'x'],
      [1, 'b'],
      [0, 'y'],
      [2, 'z'],
      [1, '.'],
      [0, 'w'],
    ];
    expect(outcome(tokens, assemble(option))).toMatchObject([
      { key: 1, status: 'done', text: 'ab.' },
      { key: 0, status: 'partial', text: 'xyw' },
      { key: 2, status: 'partial', text: 'z' },
      'complete',
    ]);
  });

  it('emits no half of a surrogate pair, and keeps no lone one', () => {
    const option = { delta: (text: string) => text };
    expect(outcome(['a\ud83d', '\udc0b', 'b\ud83d'], assemble(option))).toMatchObject([
      { text: 'a' },
      { text: 'a🐋', delta: '🐋' },
      { text: 'a🐋b' },
      { status: 'partial', text: 'a🐋b\ufffd', delta: '\ufffd' },
      'complete',
    ]);
    // Nothing to show yet: no snapshot.
    expect(outcome(['\ud83d'], assemble(option))).toMatchObject([{ status: 'partial', text: '\ufffd' }, 'complete']);
  });

  describe('with a check', () => {
    const check = ({ text }: Assembled) => (text.includes('x') ? 'no x' : undefined);

    it('ends the stream with an error text that leaves out what was refused', () => {
      picture(
        { check },
        {
          source: '      -a-b-x-a|',
          subscription: '^----!',
          result: '      -A-B-(R|)',
          values: { R: 'refused ab' },
        },
      );
      expect(outcome(['a', 'x'], assemble({ ...letters, check }))[1]).toMatchObject({
        status: 'refused',
        text: 'a',
        delta: '',
        reason: 'no x',
        error: { code: 'content-refused', message: 'assemble: the text was refused: no x' },
      });
    });

    it('refuses before anybody has seen the text', () =>
      picture(
        { check, emit: 'final' },
        {
          source: '      -a-x-a|',
          subscription: '^--!',
          result: '      ---(R|)',
          values: { R: 'refused a' },
        },
      ));

    it('judges the whole with its last item, also one that adds nothing', () => {
      const judged: unknown[] = [];
      const note = ({ status, text, reason, delta }: Assembled) => void judged.push([status, text, reason, delta]);
      outcome(['a', '-', 'b', 'c'], assemble({ ...letters, check: note as () => undefined, everyItems: 9 }));
      const empty = assemble<string>({ delta: () => '', finish: () => 'stop', check: note as () => undefined });
      outcome(['a'], empty);
      expect(judged).toEqual([
        ['growing', 'a', undefined, 'a'],
        ['growing', 'ab', undefined, 'ab'],
        ['done', 'abc', 'stop', 'abc'],
        ['done', '', 'stop', ''],
      ]);
    });

    it('emits no other text behind a refusal', () => {
      const option = {
        delta: (s: string) => s,
        key: (s: string) => s,
        emit: 'final',
        check: (text: Assembled<string>) => check(text as never),
      } as const;
      expect(outcome(['a', 'b', 'x'], assemble(option))).toMatchObject([
        { status: 'refused', key: 'x', text: '' },
        'complete',
      ]);
    });
  });

  describe('with a text that is too long', () => {
    it('fails, behind what fitted', () => {
      expect(outcome(['ab', 'cd', 'e'], assemble({ delta: (s: string) => s, maxLength: 3 }))).toMatchObject([
        { status: 'growing', text: 'ab' },
        { status: 'partial', text: 'abc', truncated: true },
        streamError('overflow', 'maxLength = 3'),
      ]);
    });

    it('keeps its beginning, when told to', () => {
      const option = { ...letters, maxLength: 2, onOverflow: 'truncate' } as const;
      expect(outcome(['a', 'b', 'b', 'a', 'c'], assemble(option))).toMatchObject([
        { status: 'growing', text: 'a', truncated: false },
        { status: 'growing', text: 'ab', truncated: false },
        { status: 'done', text: 'ab', truncated: true },
        'complete',
      ]);
    });
  });

  it('fails when too many texts are unfinished', () => {
    const option = {
      delta: (s: string) => s,
      key: (s: string) => s,
      emit: 'final',
      maxKeys: 2,
      onError: 'discard',
    } as const;
    const finish = (s: string) => (s === 'c' ? 'stop' : undefined);
    expect(outcome(['a', 'c', 'b', 'a', 'd'], assemble({ ...option, finish }))).toMatchObject([
      { key: 'c', status: 'done' },
      streamError('overflow', 'maxKeys = 2'),
    ]);
  });

  it.each(['complete', 'error'] as const)('stops at %s when its consumer has enough', (end) => {
    const source = new Subject<string>();
    const seen: string[] = [];
    const option = { delta: (s: string) => s, key: (s: string) => s, emit: 'final' } as const;
    source.pipe(assemble(option), take(1)).subscribe({
      next: ({ text }) => seen.push(text),
      error: () => seen.push('error'),
      complete: () => seen.push('complete'),
    });
    for (const letter of ['a', 'b']) source.next(letter);
    source[end](new Error('the source failed'));
    expect(seen).toEqual(['a', 'complete']);
  });

  it('assembles what the plainest program would', () => {
    const token = fc.tuple(
      fc.nat({ max: 2 }),
      fc.string({ unit: fc.constantFrom('a', '\ud83d', '\udc0b'), maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(token), fc.integer({ min: 1, max: 3 }), (tokens, everyItems) => {
        const whole = new Map<number, string>();
        for (const [key, text] of tokens) if (text !== '') whole.set(key, (whole.get(key) ?? '') + text);
        const seen = new Map<number, string>();
        const grownBy = new Map<number, string>();
        from(tokens)
          .pipe(assemble({ key: ([key]) => key, delta: ([, text]) => text, everyItems }))
          .subscribe(({ key, text, delta }) => {
            grownBy.set(key, (grownBy.get(key) ?? '') + delta);
            expect(text).toBe(grownBy.get(key));
            seen.set(key, text);
          });
        expect(seen).toEqual(new Map([...whole].map(([key, text]) => [key, text.toWellFormed()])));
      }),
    );
  });

  it.each([
    ['delta', { delta: 'text' }, 'delta must be a function, got a string'],
    ['key', { key: 'id' }, 'key must be a function, got a string'],
    ['finish', { finish: 1 }, 'finish must be a function, got a number'],
    ['check', { check: true }, 'check must be a function, got a boolean'],
    ['emit', { emit: 'both' }, 'emit must be "snapshot" or "final"'],
    ['onOverflow', { onOverflow: 'drop' }, 'onOverflow must be "error" or "truncate"'],
    ['onError', { onError: 'keep' }, 'onError must be "emit" or "discard"'],
    ['maxLength', { maxLength: Infinity }, 'maxLength must be a whole number of at least 1, got Infinity'],
    ['maxKeys', { maxKeys: 0 }, 'maxKeys must be a whole number of at least 1, got 0'],
    ['everyMs', { everyMs: -1 }, 'everyMs must be a whole number of at least 1 or Infinity, got -1'],
    ['everyItems', { everyItems: 0 }, 'everyItems must be a whole number of at least 1 or Infinity, got 0'],
  ])('refuses %s at call time', (_, options, message) => {
    expect(() => assemble({ ...letters, ...(options as object) })).toThrow(message);
  });
});

function collected<T, K>(items: readonly T[], operator: OperatorFunction<T, Assembled<K>>): Assembled<K>[] {
  const seen: Assembled<K>[] = [];
  from(items)
    .pipe(operator, take(items.length))
    .subscribe((snapshot) => seen.push(snapshot));
  return seen;
}
