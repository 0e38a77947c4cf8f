import fc from 'fast-check';
import { from, lastValueFrom, of, Subject, take, toArray } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { validate, type ValidateOptions } from '../../operators/index.js';
import type { StreamError } from '../../src/chunk/index.js';
import { createFlow } from '../../src/flow/index.js';
import { fromPull } from '../../src/source/iterable.js';
import { asyncMarbles, marbles, operatorLaws } from '../../src/testing/index.js';
import { end, gap, listen, mark, streamError } from './alphabet.js';

const word = z.string().regex(/^[a-w]$/, 'must be a letter up to w');
const upper = word.transform((letter) => letter.toUpperCase());
const numbered = z.object({ n: z.number() });

operatorLaws('validate', () => validate(z.number()), {
  throwing: { check: (boom) => validate<number, z.ZodType<number>>(z.number().refine(boom)) },
});
operatorLaws<{ n: number }>('validate', (probe) => validate(numbered, { onInvalid: 'drop', probe }), {
  item: (n) => ({ n }),
  holds: 0,
});
operatorLaws<unknown>('validate', (probe) => validate(z.number().min(3), { onInvalid: 'drop', probe }), {
  expected: (items) => items.filter((n) => (n as number) >= 3),
  firehose: 6,
});

/** Checks a picture on a cold and on a hot source. */
function picture(
  options: ValidateOptions & { readonly onInvalid?: 'error' | 'drop' },
  source: string,
  subscription: string,
  result: string,
  values?: Readonly<Record<string, unknown>>,
  error?: unknown,
): void {
  for (const temperature of ['cold', 'hot'] as const) {
    marbles(({ expectObservable, expectSubscriptions, ...make }) => {
      const input = make[temperature](source, values as Record<string, string>);
      expectObservable(input.pipe(validate(word, options))).toBe(result, values, error);
      expectSubscriptions(input.subscriptions).toBe(subscription);
    });
  }
}

describe('validate', () => {
  it('lets what fits pass, at once', () => picture({}, '-a-(bc)-d|', '^--------!', '-a-(bc)-d|'));

  it('fails at the first item that does not fit, and says which', () =>
    picture({}, '-a-x-b|', '^--!', '-a-#', undefined, streamError('chunk-invalid', 'item 1', 'a letter up to w')));

  it('drops what does not fit, when told to', () => picture({ onInvalid: 'drop' }, '-a-x-b|', '^-----!', '-a---b|'));

  it('says of every item whether it fits, when told to', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('     -a-x-b|');
      const subscription = '    ^-----!';
      const result = '          -A-X-B|';
      expectObservable(source.pipe(validate(upper, { onInvalid: 'result' }))).toBe(result, {
        A: { ok: true, value: 'A' },
        X: {
          ok: false,
          index: 1,
          message: 'must be a letter up to w, got a string',
          issues: [expect.objectContaining({ code: 'invalid_format', path: [] })],
        },
        B: { ok: true, value: 'B' },
      });
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  it('emits what the schema makes of an item, never the item', async () => {
    const schema = z.object({ at: z.coerce.number(), by: z.string().default('me') });
    const item = { at: '7', secret: 1 };
    const [made] = await lastValueFrom(of(item).pipe(validate(schema), toArray()));
    expect(made).toEqual({ at: 7, by: 'me' });
  });

  it('lets notices pass, and does not count them', () => {
    const notices = { G: gap(0, 1), E: end(2), M: mark(1) };
    picture({}, '-G-a-M-E|', '^-------!', '-G-a-M-E|', { ...notices, a: 'a' });
    picture({}, '-G-x|', '^--!', '-G-#', { ...notices, x: 'x' }, streamError('chunk-invalid', 'item 0'));
  });

  it('takes an item with a kind of its own for an item', () => {
    const seen: unknown[] = [];
    const schema = z.object({ kind: z.literal('gap') });
    from([{ kind: 'gap' }, { kind: 'end' }])
      .pipe(validate(schema, { onInvalid: 'drop' }))
      .subscribe((item) => seen.push(item));
    expect(seen).toEqual([{ kind: 'gap' }]);
  });

  describe('names in its error', () => {
    const failure = async (item: unknown, options: ValidateOptions & { onInvalid?: 'error' } = {}) => {
      const schema = z.object({ seq: z.number().optional(), names: z.array(z.string()) });
      const outcome: unknown = await lastValueFrom(of(item).pipe(validate(schema, options))).catch(
        (error: unknown) => error,
      );
      return outcome as StreamError;
    };

    it('the field, the number the item has, and the kind of value that came', async () => {
      const error = await failure({ seq: 7, names: ['a', 5] });
      expect(error).toMatchObject({
        code: 'chunk-invalid',
        message: expect.stringMatching(/^validate: item 0: field "names.1": .*got a number$/),
        details: { operator: 'validate', field: 'names.1', seq: 7 },
      });
    });

    it.each([null, undefined, 5, { seq: -1, names: 0 }])('no number for %j, which has none', async (item) => {
      expect((await failure(item)).details).not.toHaveProperty('seq');
    });

    it('all that zod found, up to maxIssues, but not the item', async () => {
      const names = Array.from({ length: 25 }, (_, n) => (n === 0 ? { secret: 'whale' } : n));
      for (const [options, count] of [
        [{}, 20],
        [{ maxIssues: 2 }, 2],
        [{ maxIssues: 100 }, 25],
      ] as const) {
        const { cause } = (await failure({ names }, options)) as { cause?: z.ZodError };
        expect(cause).toBeInstanceOf(z.ZodError);
        expect(cause?.issues).toHaveLength(count);
        expect(JSON.stringify(cause)).not.toContain('whale');
      }
    });
  });

  it('reports what does not fit', () => {
    const { probe, heard } = listen('validate');
    from([{ n: 1 }, { n: 'two' }, 3])
      .pipe(validate(numbered, { onInvalid: 'drop', probe }))
      .subscribe();
    expect(heard).toEqual([
      { type: 'invalid', index: 1, field: 'n', message: expect.stringContaining('got a string') },
      { type: 'invalid', index: 2, field: undefined, message: expect.stringContaining('got a number') },
    ]);
  });

  it('says what to do about a schema that waits', () => {
    const waiting = z.string().refine(async () => true);
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b|');
      const error = streamError('callback-failed', "the schema waits: set mode to 'async'");
      expectObservable(source.pipe(validate(waiting))).toBe('-#', undefined, error);
      expectSubscriptions(source.subscriptions).toBe('^!');
    });
  });

  it('does what the plainest program would', () => {
    const schema = z
      .int()
      .min(0)
      .transform((n) => n * 2);
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.integer({ min: -9, max: 9 }), fc.string())), (items) => {
        const expected = items.flatMap((item) => (typeof item === 'number' && item >= 0 ? [item * 2] : []));
        const seen: unknown[] = [];
        from(items)
          .pipe(validate(schema, { onInvalid: 'drop' }))
          .subscribe((value) => seen.push(value));
        expect(seen).toEqual(expected);
      }),
    );
  });

  describe('with a schema that waits', () => {
    const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    /** Takes as many milliseconds as the letter's place in the alphabet; x does not fit. */
    const slow = z.string().refine(async (letter) => {
      await wait(letter === 'x' ? 1 : letter.charCodeAt(0) - 96);
      return letter !== 'x';
    });

    it('judges side by side and keeps the order', () =>
      asyncMarbles(({ cold, expectObservable }) => {
        const source = cold('-da---cb--------a-|');
        const result = '     -----(da)(cb)----a|';
        expectObservable(source.pipe(validate(slow, { mode: 'async' }))).toBe(result);
      }));

    it('fails in its turn, behind what came before', () =>
      asyncMarbles(({ cold, expectObservable }) => {
        const error = streamError('chunk-invalid', 'item 1');
        expectObservable(cold('cx-a-----').pipe(validate(slow, { mode: 'async' }))).toBe('---(c#)', undefined, error);
      }));

    it('drops what does not fit, or says so, in its turn', () =>
      asyncMarbles(({ cold, expectObservable }) => {
        expectObservable(cold('cxa|').pipe(validate(slow, { mode: 'async', onInvalid: 'drop' }))).toBe('---(ca|)');
        expectObservable(cold('-x|').pipe(validate(slow, { mode: 'async', onInvalid: 'result' }))).toBe('--(X|)', {
          X: expect.objectContaining({ ok: false, index: 0 }),
        });
      }));

    it('keeps notices in their place', () =>
      asyncMarbles(({ cold, expectObservable }) => {
        const values = { c: 'c', G: gap(0, 1), M: mark(9) };
        const source = cold<unknown>('McG-------', values);
        expectObservable(source.pipe(validate(slow, { mode: 'async' }))).toBe('M---(cG)--', values);
      }));

    it('passes an error of the source on at once', () =>
      asyncMarbles(({ cold, expectObservable }) => {
        expectObservable(cold('c#').pipe(validate(slow, { mode: 'async' }))).toBe('-#');
      }));

    it('completes at once when nothing waits', () =>
      asyncMarbles(({ cold, expectObservable }) => {
        expectObservable(cold('-a--|').pipe(validate(slow, { mode: 'async' }))).toBe('--a-|');
        expectObservable(cold('-|').pipe(validate(slow, { mode: 'async' }))).toBe('-|');
      }));

    it('is silent after it was let go', () =>
      asyncMarbles(({ cold, expectObservable }) => {
        expectObservable(cold('ab--').pipe(validate(slow, { mode: 'async' })), '^-!').toBe('-a-');
      }));

    it('fails when a check throws', () =>
      asyncMarbles(({ cold, expectObservable }) => {
        const boom = z.string().refine(async () => {
          await wait(2);
          throw new Error('boom');
        });
        const error = streamError('callback-failed', 'validate', 'boom');
        expectObservable(cold('aa-a').pipe(validate(boom, { mode: 'async' }))).toBe('--#', undefined, error);
      }));

    it('fails when too many wait', () =>
      asyncMarbles(({ cold, expectObservable }) => {
        const error = streamError('overflow', 'maxPending = 2');
        const options = { mode: 'async', maxPending: 2 } as const;
        expectObservable(cold('ddd').pipe(validate(slow, options))).toBe('--#', undefined, error);
        expectObservable(cold('aaaaa|').pipe(validate(slow, options))).toBe('-aaaa(a|)');
      }));

    it('stops the sources of its flow while much is being judged, and lets them go on', async () => {
      const flow = createFlow();
      let pulled = 0;
      let most = 0;
      let judging = 0;
      const schema = z.number().refine(async () => {
        most = Math.max(most, ++judging);
        await undefined;
        await undefined;
        judging--;
        return true;
      });
      const source = fromPull(
        (function* () {
          while (pulled < 1000) yield pulled++;
        })(),
        { flow },
      );
      const options = { mode: 'async', maxPending: 8, flow } as const;
      expect(await lastValueFrom(source.pipe(validate(schema, options), toArray()))).toHaveLength(1000);
      expect(most).toBeGreaterThan(1);
      expect(most).toBeLessThanOrEqual(5);
      expect(flow.stats).toMatchObject({ held: 0, lanes: [] });
    });

    it('holds its flow up no longer than it lasts', () => {
      const flow = createFlow();
      const endless = z.string().refine(() => new Promise<boolean>(() => {}));
      const options = { mode: 'async', maxPending: 2, flow } as const;
      const source = new Subject<string>();
      const subscription = source.pipe(validate(endless, options)).subscribe();
      source.next('a');
      expect(flow.stats.lanes).toEqual([{ name: 'validate', window: 1, held: 1 }]);
      expect(flow.open).toBe(false);
      subscription.unsubscribe();
      expect(flow.open).toBe(true);
      expect(flow.stats).toMatchObject({ held: 0, lanes: [] });
    });

    it('keeps order when its consumer feeds the source, and stops when it has enough', async () => {
      vi.useFakeTimers();
      const source = new Subject<unknown>();
      const seen: unknown[] = [];
      source.pipe(validate(z.string(), { mode: 'async' }), take(4)).subscribe((letter) => {
        seen.push(letter);
        // A notice needs no judging, and yet waits until this call is over.
        if (letter === 'a') source.next(gap(0, 1));
        seen.push('over');
      });
      source.next('a');
      await vi.advanceTimersByTimeAsync(1);
      expect(seen).toEqual(['a', 'over', gap(0, 1), 'over']);
      for (const letter of ['b', 'c', 'd']) source.next(letter);
      await vi.advanceTimersByTimeAsync(1);
      expect(seen.slice(4)).toEqual(['b', 'over', 'c', 'over']);
      expect(source.observed).toBe(false);
      vi.useRealTimers();
    });

    it('loses nothing and keeps the order, however long each takes', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat({ max: 3 }), { maxLength: 30 }), async (turns) => {
          const schema = z.number().refine(async (n) => {
            for (let turn = 0; turn < turns[n]!; turn++) await undefined;
            return turns[n] !== 3;
          });
          const options = { mode: 'async', onInvalid: 'drop' } as const;
          const seen = await lastValueFrom(from(turns.keys()).pipe(validate(schema, options), toArray()));
          expect(seen).toEqual([...turns.keys()].filter((n) => turns[n] !== 3));
        }),
      );
    });
  });

  it.each([
    ['no schema', undefined, {}, 'schema must be a zod schema, got undefined'],
    ['what is none', {}, {}, 'schema must be a zod schema, got an object'],
    ['onInvalid', word, { onInvalid: 'skip' }, 'onInvalid must be "error", "drop" or "result"'],
    ['mode', word, { mode: 'later' }, 'mode must be "sync" or "async"'],
    ['maxPending', word, { maxPending: 0 }, 'maxPending must be a whole number of at least 1, got 0'],
    ['maxIssues', word, { maxIssues: Infinity }, 'maxIssues must be a whole number of at least 1, got Infinity'],
  ])('refuses %s at call time', (_, schema, options, message) => {
    expect(() => validate(schema as never, options as never)).toThrow(message);
  });
});
