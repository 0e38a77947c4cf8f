import fc from 'fast-check';
import { from, type OperatorFunction, pipe, Subject, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  dedupe,
  gapTimeout,
  type GapTimeoutOptions,
  reorder,
  type ReorderOptions,
  unwrap,
} from '../../operators/index.js';
import { Gap, type Notice, type Range } from '../../src/chunk/index.js';
import { end, expectPicture, gap, type Item, item, listen, mark, streamError } from './alphabet.js';
import { naiveOrder } from './naive-order.js';

describe('gapTimeout with reorder behind it', () => {
  // The design has the time limit within reorder and reports gaps beside the stream. Here the gaps travel in the stream: they
  // have a line of their own, the lines of the chunks are those of the design.
  const skipping = pipe(gapTimeout<Item>({ timeoutMs: 5, action: 'skip' }), reorder());

  it('goes on behind a gap when the time is up', () =>
    expectPicture(skipping, {
      source: '      -b-c---------d|',
      subscription: '^-------------!',
      result: '      ------(bc)---d|',
      gaps: '        ------G-------|',
      values: { G: gap(0, 1) },
    }));

  it('gives each hole its own time', () =>
    expectPicture(skipping, {
      source: '      b-d------e|',
      subscription: '^---------!',
      result: '      -----b-d-e|',
      gaps: '        -----G-H--|',
      values: { G: gap(0, 1), H: gap(2, 3) },
    }));

  it('takes what comes just in time', () =>
    expectPicture(skipping, {
      source: '      -b---a---|',
      subscription: '^--------!',
      result: '      -----(ab)|',
    }));

  it('drops what comes after its place was given up', () => {
    const { probe, heard } = listen('reorder');
    expectPicture(pipe(gapTimeout<Item>({ timeoutMs: 5, action: 'skip' }), reorder({ probe })), {
      source: '      -b-----a--c|',
      subscription: '^----------!',
      result: '      ------b---c|',
      gaps: '        ------G----|',
      values: { G: gap(0, 1) },
    });
    expect(heard.slice(0, 1)).toEqual([{ type: 'late', seq: 0 }]);
  });

  it('ends with the error when it is to fail', () =>
    expectPicture(pipe(gapTimeout<Item>({ timeoutMs: 5 }), reorder()), {
      source: '      -b-c------',
      subscription: '^-----!',
      result: '      ------#',
      error: streamError('gap', 'chunk 0 '),
    }));

  it('lets the source and the timer go when unsubscribed', () =>
    expectPicture(skipping, {
      source: '      -b-c------',
      consumer: '    ^---!',
      subscription: '^---!',
      result: '      ----------',
    }));

  it('ends behind the last gap', () =>
    expectPicture(
      pipe(gapTimeout<Item | Notice>({ timeoutMs: 5, action: 'skip' }), reorder(), unwrap({ onGap: 'pass' })),
      {
        source: '      -a-E-c---------',
        subscription: '^-------!',
        result: '      -a------(c|)',
        gaps: '        --------(G|)',
        values: { E: end(3), G: gap(1, 2) },
      },
    ));
});

function outcome<T, R>(items: readonly T[], operator: OperatorFunction<T, R>): unknown[] {
  const seen: unknown[] = [];
  from(items)
    .pipe(operator)
    .subscribe({ next: (value) => seen.push(value), error: (error) => seen.push(error) });
  return seen;
}

/** Checks that items and gaps follow each other without overlap or break, and returns the number behind the last. */
function expectSeamless(output: readonly (Item | Gap)[], start = 0): number {
  return output.reduce((expected, next) => {
    const [first, behind] = next instanceof Gap ? [next.from, next.to] : [next.seq, next.seq + 1];
    expect([first, behind]).toEqual([expected, Math.max(behind, expected + 1)]);
    return behind;
  }, start);
}

describe('reorder, whatever comes,', () => {
  const numbers = fc.array(fc.nat({ max: 200 }), { maxLength: 150 });

  it('does what sorting would do', () => {
    fc.assert(
      fc.property(numbers, fc.constantFrom(0, 3), (seqs, start) => {
        const items = seqs.map(item);
        expect(outcome(items, reorder({ start }))).toEqual(naiveOrder(items, start));
      }),
    );
  });

  it('does so for every order of a whole stream', () => {
    const shuffled = fc.integer({ min: 1, max: 60 }).chain((length) => {
      const whole = Array.from({ length }, (_, seq) => seq);
      return fc.tuple(fc.shuffledSubarray(whole, { minLength: length }), fc.array(fc.nat({ max: length - 1 })));
    });
    fc.assert(
      fc.property(shuffled, ([whole, again]) => {
        const items = [...whole, ...again].map(item);
        expect(outcome(items, reorder({ window: whole.length }))).toEqual(naiveOrder(items));
      }),
    );
  });

  it('leaves no seam open and emits nothing twice, in the smallest window', () => {
    const options = fc.record({
      window: fc.integer({ min: 1, max: 9 }),
      maxBytes: fc.constantFrom(3, Infinity),
      onOverflow: fc.constantFrom('skip' as const, 'drop' as const),
    });
    fc.assert(
      fc.property(numbers, options, (seqs, bounds: ReorderOptions<Item>) => {
        const items = seqs.map((seq) => ({ ...item(seq), size: seq % 4 }));
        const output = outcome(items, reorder(bounds)) as (Item | Gap)[];
        // Only many holes that were each dropped can be too much to remember.
        const ordered = output.filter((value) => !(value instanceof Error));
        if (bounds.onOverflow === 'skip') expect(ordered).toEqual(output);
        const behind = expectSeamless(ordered);
        if (ordered.length === output.length) expect(behind).toBe(Math.max(-1, ...seqs) + 1);
      }),
    );
  });

  it('emits each chunk that came in time, gaps for the rest, and the end last', () => {
    const announced = fc.tuple(fc.nat({ max: 30 }), fc.integer({ min: 1, max: 6 }));
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 29 })),
        fc.array(announced),
        fc.infiniteStream(fc.nat()),
        (seqs, gaps, dice) => {
          const notices = gaps.map(([first, length]) => gap(first, Math.min(first + length, 31)));
          const items: (Item | Notice)[] = [...seqs.map(item), ...notices, end(31), mark(31)];
          for (let i = items.length - 1; i > 0; i--) {
            const other = dice.next().value! % (i + 1);
            [items[i], items[other]] = [items[other]!, items[i]!];
          }
          const output = outcome(items, reorder());
          expect(output.at(-1)).toEqual(end(31));
          expect(expectSeamless(output.slice(0, -1) as (Item | Gap)[])).toBe(31);
        },
      ),
    );
  });
});

describe('the chain of a reader, on a link that loses, doubles and delays,', () => {
  const length = 40;
  /** Fates of what is sent, in turn: delays of its copies, in milliseconds; none: lost. */
  const fates = fc.array(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 2 }), { minLength: 1, maxLength: 25 });

  /** Sends a stream over the link and reads it to its end. */
  function read(fateOf: readonly (readonly number[])[], options: Partial<GapTimeoutOptions<Item | Notice>>): unknown[] {
    const scheduler = new VirtualTimeScheduler();
    const link = new Subject<Item | Notice>();
    let sent = 0;
    const send = (sending: Item | Notice): void => {
      for (const delay of fateOf[sent++ % fateOf.length]!) scheduler.schedule(() => link.next(sending), delay);
    };
    const request = (ranges: readonly Range[]): void => {
      for (const range of ranges) for (let seq = range.from; seq < range.to; seq++) send(item(seq));
    };
    const seen: unknown[] = [];
    link
      .pipe(
        dedupe(),
        gapTimeout<Item | Notice>({ timeoutMs: 20, maxMissing: Infinity, request, ...options, scheduler }),
        reorder(),
        unwrap({ onGap: 'pass' }),
      )
      .subscribe({
        next: (value) => seen.push(value),
        error: (error) => seen.push(error),
        complete: () => seen.push('end'),
      });
    for (let seq = 0; seq < length; seq++) scheduler.schedule(() => send(item(seq)), seq * 3);
    // The sender says again and again that this was all, until it is heard.
    for (let n = 0; n < 3; n++) scheduler.schedule(() => link.next(end(length)), length * 3 + n);
    scheduler.flush();
    expect(scheduler.actions, 'timers left').toEqual([]);
    return seen;
  }

  const whole = Array.from({ length }, (_, seq) => item(seq));

  it('delivers all of it once and in order, as long as repairs get through at times', () => {
    fc.assert(
      fc.property(fates, (some) => {
        const seen = read([...some, [5]], { action: 'repair', retries: Infinity });
        expect(seen).toEqual([...whole, 'end']);
      }),
    );
  });

  it('ends, with gaps for what did not come in time', () => {
    const giveUps = [{ action: 'skip' }, { action: 'repair', retries: 2, afterRepair: 'skip' }] as const;
    fc.assert(
      fc.property(fates, fc.constantFrom(...giveUps), (some, options) => {
        const seen = read(some, options);
        expect(seen.at(-1)).toBe('end');
        expect(expectSeamless(seen.slice(0, -1) as (Item | Gap)[])).toBe(length);
      }),
    );
  });

  it('fails, where it may not lose, behind the chunks that were whole', () => {
    fc.assert(
      fc.property(fates, fc.constantFrom('fail' as const, 'repair' as const), (some, action) => {
        const seen = read(some, { action, retries: 1 });
        const last = seen.at(-1);
        const chunks = seen.slice(0, -1);
        expect(chunks).toEqual(whole.slice(0, chunks.length));
        if (last === 'end') expect(chunks).toHaveLength(length);
        else expect(last).toEqual(streamError('gap'));
      }),
    );
  });
});
