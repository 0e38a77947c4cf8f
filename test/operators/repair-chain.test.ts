import fc from 'fast-check';
import { mergeMap, NEVER, Observable, pipe, Subject, tap, timer, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { gapTimeout, repair, type RepairOptions, reorder, unwrap } from '../../operators/index.js';
import { Gap, isNotice, type Notice, type Range } from '../../src/chunk/index.js';
import { end, expectPicture, gap, item, type Item } from './alphabet.js';

type Any = Item | Notice;

const numbers = (ranges: readonly Range[]) =>
  ranges.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, n) => from + n));
const after = (replyMs: number) => (ranges: readonly Range[]) =>
  timer(replyMs).pipe(mergeMap(() => numbers(ranges).map(item)));

describe('repair with reorder behind it', () => {
  it('puts a repaired stream in order', () =>
    expectPicture(pipe(repair<Any>({ delayMs: 2, request: after(2) }), reorder()), {
      source: '      -a-c-------d|',
      subscription: '^-----------!',
      result: '      -a-----(bc)d|',
    }));

  it('goes on behind what was given up', () =>
    expectPicture(pipe(repair<Any>({ retryMs: 4, retries: 2, random: () => 1, request: () => NEVER }), reorder()), {
      source: '      -a-c-----------------d|',
      subscription: '^---------------------!',
      result: '      -a-------------c-----d|',
      gaps: '        ---------------G------|',
      values: { G: gap(1, 2) },
    }));

  it('may have a time limit between them, behind which an answer is late', () =>
    expectPicture(
      pipe(repair<Any>({ request: after(9) }), gapTimeout<Any>({ timeoutMs: 5, action: 'skip' }), reorder()),
      {
        source: '      -a-c-----------------d|',
        subscription: '^---------------------!',
        result: '      -a------c------------d|',
        gaps: '        --------G-------------|',
        values: { G: gap(1, 2) },
      },
    ));

  it('asks for nothing that a time limit before it has given up', () => {
    const asked: unknown[] = [];
    const request = (ranges: readonly Range[]) => void asked.push(ranges);
    expectPicture(
      pipe(gapTimeout<Any>({ timeoutMs: 2, action: 'skip' }), repair<Any>({ delayMs: 3, request }), reorder()),
      {
        source: '      -a-c-----------------d|',
        subscription: '^---------------------!',
        result: '      -a---c---------------d|',
        gaps: '        -----G----------------|',
        values: { G: gap(1, 2) },
      },
    );
    expect(asked).toEqual([]);
  });
});

describe('the chain of a reader with repair, on a link that loses, doubles and delays,', () => {
  const length = 40;
  const whole = Array.from({ length }, (_, seq) => item(seq));
  /** Fates of what is sent, in turn: delays of its copies, in milliseconds; none: lost. */
  const fates = fc.array(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 2 }), { minLength: 1, maxLength: 25 });
  /** How answers end, in turn: with an error after so long, or not by themselves. */
  const endings = fc.array(fc.option(fc.integer({ min: 0, max: 40 })), { minLength: 1, maxLength: 5 });
  const chances = fc.array(fc.double({ min: 0, max: 0.99, noNaN: true }), { minLength: 1, maxLength: 5 });

  /** Sends a stream over the link, which ends when the last was sent, and reads it to its end. */
  function read(
    [fateOf, endingOf, chanceOf]: readonly [
      readonly (readonly number[])[],
      readonly (number | null)[],
      readonly number[],
    ],
    options: Partial<RepairOptions<Any>>,
    /** One in so many answers comes whole. */
    everyNth = Infinity,
  ) {
    const scheduler = new VirtualTimeScheduler();
    const link = new Subject<Any>();
    const turns = { fate: 0, ending: 0, chance: 0 };
    const fate = () => fateOf[turns.fate++ % fateOf.length]!;
    const request = (ranges: readonly Range[]) =>
      new Observable<Item>((subscriber) => {
        const ending = endingOf[turns.ending % endingOf.length]!;
        const getsThrough = ++turns.ending % everyNth === 0;
        for (const seq of numbers(ranges)) {
          for (const delay of getsThrough ? [5] : fate())
            subscriber.add(scheduler.schedule(() => subscriber.next(item(seq)), delay));
        }
        if (ending !== null && !getsThrough)
          subscriber.add(scheduler.schedule(() => subscriber.error(new Error('cut')), ending));
      });
    const random = () => chanceOf[turns.chance++ % chanceOf.length]!;
    const repaired: Any[] = [];
    const seen: unknown[] = [];
    link
      .pipe(
        repair<Any>({ delayMs: 10, retryMs: 20, maxMissing: Infinity, request, random, scheduler, ...options }),
        tap((each) => repaired.push(each)),
        reorder(),
        unwrap({ onGap: 'pass' }),
      )
      .subscribe({
        next: (value) => seen.push(value),
        error: (error) => seen.push(error),
        complete: () => seen.push('end'),
      });
    for (const { seq } of whole) {
      scheduler.schedule(() => {
        for (const delay of fate()) scheduler.schedule(() => link.next(item(seq)), delay);
      }, seq * 3);
    }
    scheduler.schedule(() => link.next(end(length)), length * 3);
    scheduler.schedule(() => link.complete(), length * 3 + 20);
    scheduler.flush();
    expect(scheduler.actions, 'timers left').toEqual([]);
    expect(link.observed, 'the link is still subscribed').toBe(false);
    return { seen, repaired };
  }

  it('delivers all of it once and in order, as long as an answer gets through at times', () => {
    fc.assert(
      fc.property(fates, endings, chances, (some, ends, dice) => {
        const { seen } = read([some, ends, dice], { retries: Infinity }, 7);
        expect(seen).toEqual([...whole, 'end']);
      }),
    );
  });

  it('delivers what came and gaps for the rest, each number in one of them, once', () => {
    const bounds = fc.record({ retries: fc.integer({ min: 1, max: 3 }), maxMissing: fc.constantFrom(1, 3, Infinity) });
    fc.assert(
      fc.property(fates, endings, chances, bounds, (some, ends, dice, options) => {
        const { seen, repaired } = read([some, ends, dice], options);
        // The plainest program: a line for each number, with the chunk if any came through.
        const came = repaired.filter((each): each is Item => !isNotice(each)).map(({ seq }) => seq);
        const lost = numbers(repaired.filter((each) => each instanceof Gap));
        expect([...came, ...lost].toSorted((a, b) => a - b)).toEqual(whole.map(({ seq }) => seq));
        const lines = seen
          .slice(0, -1)
          .flatMap((each): unknown[] =>
            each instanceof Gap ? numbers([each]).map(() => 'lost') : [(each as Item).seq],
          );
        expect(lines).toEqual(whole.map(({ seq }) => (came.includes(seq) ? seq : 'lost')));
        expect(seen.at(-1)).toBe('end');
      }),
    );
  });

  it('fails, where it may not lose, behind the chunks that were whole', () => {
    fc.assert(
      fc.property(fates, endings, chances, (some, ends, dice) => {
        const { seen } = read([some, ends, dice], { retries: 1, onGiveUp: 'fail' });
        const chunks = seen.slice(0, -1);
        expect(chunks).toEqual(whole.slice(0, chunks.length));
        if (seen.at(-1) === 'end') expect(chunks).toHaveLength(length);
        else expect(seen.at(-1)).toMatchObject({ code: 'gap' });
      }),
    );
  });
});
