import fc from 'fast-check';
import { asyncScheduler, map, NEVER, Subject, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { backpressure, type Overflow } from '../../operators/index.js';
import { Gap } from '../../src/chunk/index.js';
import { marbles } from '../../src/testing/index.js';
import { item, type Item, listen, streamError } from './alphabet.js';

const merge = (waiting: readonly number[], each: readonly number[]) => [...waiting, ...each];

interface Played {
  readonly pauses: readonly number[];
  readonly workMs: number;
  readonly concurrency: number;
  readonly capacity: number;
  readonly overflow: Overflow;
}

/** What `backpressure` does, frame by frame, as plainly as can be. What comes in a frame comes before work is done in it. */
function simulate({ pauses, workMs, concurrency, capacity, overflow }: Played) {
  const cameAt: number[] = [];
  for (const pause of pauses) cameAt.push((cameAt.at(-1) ?? 0) + pause);
  const queue: (readonly number[])[] = [];
  const dropped: (readonly number[])[] = [];
  const done: string[] = [];
  let running: { each: readonly number[]; until: number }[] = [];
  for (let frame = 0; frame < 1000; frame++) {
    for (const n of pauses.keys()) {
      if (cameAt[n] !== frame) continue;
      if (running.length < concurrency) {
        running.push({ each: [n], until: frame + workMs });
        continue;
      }
      queue.push([n]);
      if (queue.length <= capacity) continue;
      if (overflow === 'drop-newest') dropped.push(queue.pop()!);
      else if (overflow === 'replace-newest') dropped.push(...queue.splice(-2, 1));
      else if (overflow === 'batch') queue.push([...queue.splice(-2, 2).flat()]);
      else dropped.push(queue.shift()!);
    }
    for (const { each, until } of running) if (until === frame) done.push(`${each.join('+')} at ${frame}`);
    running = running.filter(({ until }) => until > frame);
    while (running.length < concurrency && queue.length > 0) {
      running.push({ each: queue.shift()!, until: frame + workMs });
    }
  }
  return { done, dropped };
}

const upTo = (max: number) => fc.integer({ min: 1, max });
const played = (overflow: Overflow) =>
  fc.record({
    pauses: fc.array(fc.nat({ max: 5 }), { maxLength: 40 }),
    workMs: upTo(9),
    concurrency: upTo(3),
    capacity: overflow === 'latest' ? fc.constant(1) : upTo(4),
    overflow: fc.constant(overflow),
  });

describe('backpressure beside the plainest program', () => {
  it.each(['drop-oldest', 'drop-newest', 'replace-newest', 'latest', 'batch'] as const)(
    'does the same with %s',
    (how) => {
      fc.assert(
        fc.property(played(how), (program) =>
          marbles(({ flush }) => {
            const { pauses, workMs, ...options } = program;
            const { probe, heard } = listen('backpressure');
            const source = new Subject<readonly number[]>();
            const done: string[] = [];
            let at = 0;
            for (const [n, pause] of pauses.entries()) asyncScheduler.schedule(() => source.next([n]), (at += pause));
            const project = (each: readonly number[]) => timer(workMs).pipe(map(() => each));
            source
              .pipe(backpressure(project, { ...options, merge, probe }))
              .subscribe((each) => done.push(`${each.join('+')} at ${asyncScheduler.now()}`));
            flush();
            const dropped = heard.map((event) => (event as { value: readonly number[] }).value);
            expect({ done, dropped }).toEqual(simulate(program));
          }),
        ),
      );
    },
  );

  it.each(['drop-oldest', 'drop-newest', 'replace-newest', 'latest'] as const)(
    'announces with %s what it drops, at its place, and nothing else',
    (how) => {
      fc.assert(
        fc.property(played(how), ({ pauses, workMs, ...rest }) =>
          marbles(({ flush }) => {
            const source = new Subject<Item>();
            const seen: (Item | Gap)[] = [];
            let at = 0;
            for (const [n, pause] of pauses.entries())
              asyncScheduler.schedule(() => source.next(item(n)), (at += pause));
            asyncScheduler.schedule(() => source.complete(), at + 1);
            const project = (each: Item) => timer(workMs).pipe(map(() => each));
            source
              .pipe(backpressure(project, { ...rest, concurrency: 1, announce: true }))
              .subscribe((each) => seen.push(each));
            flush();
            const numbers = seen.flatMap((each) =>
              each instanceof Gap ? Array.from({ length: each.to - each.from }, (_, n) => each.from + n) : [each.seq],
            );
            expect(numbers).toEqual([...pauses.keys()]);
          }),
        ),
      );
    },
  );
});

describe('backpressure', () => {
  it('fails when merging does', () => {
    const source = new Subject<number>();
    const errors: unknown[] = [];
    const options = { capacity: 1, overflow: 'batch', merge: () => expect.fail('no') } as const;
    source.pipe(backpressure(() => NEVER, options)).subscribe({ error: (error) => errors.push(error) });
    for (const n of [0, 1, 2]) source.next(n);
    expect(errors).toEqual([streamError('callback-failed', 'backpressure: a callback threw: no')]);
  });

  it('says that nothing may wait where that is so', () => {
    const source = new Subject<number>();
    const errors: unknown[] = [];
    source.pipe(backpressure(() => NEVER, { capacity: 0 })).subscribe({ error: (error) => errors.push(error) });
    for (const n of [0, 1]) source.next(n);
    expect(errors).toEqual([streamError('overflow', 'backpressure: nothing may wait')]);
  });
});
