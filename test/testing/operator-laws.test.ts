import {
  bufferCount,
  catchError,
  concat,
  concatMap,
  delay,
  EMPTY,
  ignoreElements,
  map,
  merge,
  type MonoTypeOperatorFunction,
  NEVER,
  Observable,
  observeOn,
  of,
  type OperatorFunction,
  queueScheduler,
  ReplaySubject,
  scan,
  share,
  skip,
  takeLast,
  tap,
  timer,
  toArray,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { callbackError, tell } from '../../operators/operate.js';
import type { Probe } from '../../src/probe/index.js';
import { operatorLaws } from '../../src/testing/index.js';
import { lawsOf, type OperatorLawOptions } from '../../src/testing/operator-laws.js';

type Operator = OperatorFunction<number, unknown>;

/** The reasons for which an operator breaks the law of that title, `undefined` where it keeps it. */
async function verdict(
  title: string,
  make: (probe: Probe) => Operator,
  options: OperatorLawOptions<number, unknown> = {},
): Promise<string | undefined> {
  const law = lawsOf('broken', make, options).find((candidate) => candidate.title.includes(title));
  if (law === undefined) throw new Error(`no law of the title "${title}"`);
  try {
    await law.check();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const pass: MonoTypeOperatorFunction<number> = map((n) => n);

/** Calls `project` with a callback that is written as a user would. */
function calling(callback: (n: number) => number): MonoTypeOperatorFunction<number> {
  return (source) =>
    new Observable((subscriber) =>
      source.subscribe({
        next: (n) => {
          try {
            subscriber.next(callback(n));
          } catch (thrown) {
            subscriber.error(callbackError('broken', thrown));
          }
        },
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    );
}

/** A raw observer that never looks whether its subscriber is closed. */
const deaf: MonoTypeOperatorFunction<number> = (source) =>
  new Observable((subscriber) => source.subscribe((n) => subscriber.next(n)));

// The laws run as a user runs them, on operators that keep them.
operatorLaws('map', () => pass);
operatorLaws('bufferCount', () => bufferCount(2) as Operator, {
  expected: (items) => pairs(items),
  firehose: 6,
  delayed: true,
});
operatorLaws('share', () => share() as Operator, { shared: true });
operatorLaws('observeOn(queue)', () => observeOn<number>(queueScheduler) as Operator, { flat: true });
operatorLaws('one after another', () => concatMap((n) => of(n).pipe(delay(5))) as Operator, {
  delayed: true,
  lingers: true,
  firehose: 100_000,
});
operatorLaws('identity', () => (source: Observable<{ n: number }>) => source, {
  item: (n) => ({ n }),
  holds: 0,
});
operatorLaws('broken', () => pass, {
  throwing: { project: (boom) => calling(boom) },
});

function pairs(items: readonly number[]): number[][] {
  return Array.from({ length: Math.ceil(items.length / 2) }, (_, n) => items.slice(2 * n, 2 * n + 2));
}

describe('operatorLaws', () => {
  it('finds state that outlives a subscription', async () => {
    let count = 0;
    const counting = map((n: number) => n - n + count++);
    expect(await verdict('starts clean', () => counting)).toContain('to deeply equal');
    expect(await verdict('starts clean', () => pass)).toBeUndefined();
  });

  it('finds state that an error or unsubscribing leaves behind', async () => {
    const kept: number[] = [];
    const keeping: MonoTypeOperatorFunction<number> = (source) =>
      concat(
        source.pipe(tap({ next: (n) => kept.push(n) }), ignoreElements()),
        new Observable<number>((subscriber) => {
          for (const n of kept.splice(0)) subscriber.next(n);
          subscriber.complete();
        }),
      );
    expect(await verdict('starts clean', () => keeping)).toContain('to deeply equal');
  });

  it('finds state shared by what runs at the same time', async () => {
    let last = -1;
    const distinct = (source: Observable<number>) =>
      new Observable<number>((subscriber) => {
        last = -1;
        return source.subscribe({
          next: (n) => {
            if (n !== last) subscriber.next(n);
            last = n;
          },
          complete: () => subscriber.complete(),
        });
      });
    expect(await verdict('keeps apart', () => distinct)).toContain('to deeply equal');
    expect(await verdict('keeps apart', () => share() as Operator)).toContain('to deeply equal');
  });

  it('finds an operator that does not stop a synchronous source', async () => {
    expect(await verdict('stops a synchronous source', () => deaf)).toContain(
      'items taken from the source: expected 100000',
    );
    expect(await verdict('stops a synchronous source', () => bufferCount(2) as Operator, { firehose: 4 })).toContain(
      'to deeply equal',
    );
  });

  it('finds completion that is swallowed, or comes before what was due', async () => {
    expect(await verdict('passes completion', () => deaf)).toContain("expected undefined to be 'complete'");
    const early = (source: Observable<number>) => merge(source.pipe(ignoreElements()), EMPTY);
    expect(await verdict('passes completion', () => early)).toContain('to deeply equal');
  });

  it('finds errors that are swallowed, wrapped, or come with what was never due', async () => {
    expect(await verdict('passes an error', () => catchError(() => EMPTY) as Operator)).toContain("to be 'error'");
    const wrapping = catchError((cause) => {
      throw new Error('wrapped', { cause });
    });
    expect(await verdict('passes an error', () => wrapping as Operator)).toContain('the source failed');
    const inventing: Operator = (source) => concat([-1], source);
    expect(await verdict('passes an error', () => inventing)).toContain('to deeply equal');
  });

  it('finds timers that go on after the end', async () => {
    const leaking: Operator = (source) =>
      new Observable((subscriber) => {
        setTimeout(() => {}, 1000);
        return source.subscribe(subscriber);
      });
    expect(await verdict('is silent after the end', () => leaking)).toContain('timers left: expected 1 to be +0');
  });

  it('finds an operator that ends later than its source', async () => {
    expect(await verdict('is silent after the end', () => delay(5) as Operator)).toContain('timers left');
  });

  it('finds an operator that may linger and never ends, or loses something meanwhile', async () => {
    const lingers = { delayed: true, lingers: true };
    const spaced = concatMap((n: number) => of(n).pipe(delay(5)));
    const endless: Operator = (source) => concat(source.pipe(spaced), NEVER);
    expect(await verdict('passes completion', () => endless, lingers)).toContain("expected undefined to be 'complete'");
    const losing: Operator = (source) => source.pipe(spaced, skip(1));
    expect(await verdict('passes completion', () => losing, lingers)).toContain('to deeply equal');
    expect(await verdict('passes completion', () => spaced as Operator)).toContain('to deeply equal');
  });

  it('finds a source or a timer that is not let go', async () => {
    const holding: Operator = (source) =>
      new Observable((subscriber) => {
        source.subscribe(subscriber);
        return new Observable(() => source.subscribe()).subscribe() && undefined;
      });
    expect(await verdict('when unsubscribed', () => holding)).toContain('the source is still subscribed');
    const alarming: Operator = (source) =>
      new Observable((subscriber) => {
        setTimeout(() => {}, 1000);
        return source.subscribe(subscriber);
      });
    expect(await verdict('when unsubscribed', () => alarming)).toContain('timers left');
  });

  it('finds values emitted while unsubscribing', async () => {
    const values: Operator = (source) =>
      new Observable((subscriber) => {
        const inner = source.subscribe(subscriber);
        const { unsubscribe } = subscriber;
        subscriber.unsubscribe = function () {
          if (!this.closed) this.next(-1);
          unsubscribe.call(this);
        };
        return inner;
      });
    expect(await verdict('when unsubscribed', () => values)).toContain('values after unsubscribing');
  });

  it('finds an operator that goes on although its consumer has left', async () => {
    const stubborn: Operator = (source) =>
      new Observable((subscriber) => {
        source.subscribe((n) => subscriber.next(n));
      });
    expect(await verdict('inside next', () => stubborn)).toContain('the source is still subscribed');
    const last = takeLast<number>(1) as Operator;
    expect(await verdict('inside next', () => last, { expected: (items) => items.slice(-1) })).toBeUndefined();
  });

  it('finds order lost when the consumer feeds the source', async () => {
    // Recurses before it passes on what came first.
    const reversing: Operator = (source) =>
      new Observable((subscriber) => {
        let held: number | undefined;
        return source.subscribe({
          next: (n) => {
            const before = held;
            held = n;
            if (before === undefined) return;
            subscriber.next(before);
          },
          complete: () => {
            if (held !== undefined) subscriber.next(held);
            subscriber.complete();
          },
        });
      });
    expect(await verdict('keeps order', () => reversing, { delayed: true })).toBeUndefined();
    const twice: Operator = (source) => source.pipe(concatMap((n) => (n === 3 ? [] : [n])));
    expect(await verdict('keeps order', () => twice)).toContain('to deeply equal');
    const stack: Operator = (source) =>
      new Observable((subscriber) => {
        const held: number[] = [];
        let emitting = false;
        return source.subscribe({
          next: (n) => {
            held.push(n);
            if (emitting) return;
            emitting = true;
            while (held.length > 0) subscriber.next(held.pop()!);
            emitting = false;
          },
          complete: () => subscriber.complete(),
        });
      });
    expect(await verdict('keeps order', () => stack)).toContain('to deeply equal');
  });

  it('finds a probe that can break the stream, and passes one that cannot', async () => {
    const event = { type: 'dropped', value: 0, operator: 'broken' } as const;
    const exposed = (probe: Probe) => tap<number>(() => probe(event)) as Operator;
    expect(await verdict('probe that throws', exposed)).toContain('to deeply equal');
    const guarded = (probe: Probe) => tap<number>(() => tell(probe, event)) as Operator;
    expect(await verdict('probe that throws', guarded)).toBeUndefined();
    expect(await verdict('passes completion', guarded)).toBeUndefined();
    const failing = () => tap<number>(() => tell(() => expect.fail('another'), event)) as Operator;
    expect(await verdict('probe that throws', failing)).toContain('the probe failed');
  });

  it('finds an operator that emits later than it should', async () => {
    expect(await verdict('emits in the call', () => bufferCount(2) as Operator)).toContain('to deeply equal');
    expect(await verdict('emits in the call', () => toArray() as Operator)).toContain('to deeply equal');
    expect(lawsOf('late', () => pass, { delayed: true }).some((law) => law.title.startsWith('emits'))).toBe(false);
  });

  it('finds an operator whose stack grows when it is fed', async () => {
    expect(await verdict('does not grow the stack', () => pass, { flat: true })).toContain(
      'inside each other: expected',
    );
  });

  it('finds a callback whose error is not wrapped, or ends nothing', async () => {
    const throwing = (project: (boom: () => never) => Operator) => ({ throwing: { project } });
    const law = 'callback-failed when project throws';
    expect(
      await verdict(
        law,
        () => pass,
        throwing((boom) => map(boom)),
      ),
    ).toContain('StreamError');
    expect(
      await verdict(
        law,
        () => pass,
        throwing(() => pass),
      ),
    ).toContain("to be 'error'");
    const other = throwing(() => calling(() => expect.fail('another')));
    expect(await verdict(law, () => pass, other)).toContain('to deeply equal');
    const late = throwing((boom) => (source) => merge(source, NEVER, timer(50).pipe(map<number, number>(boom))));
    expect(await verdict(law, () => pass, late)).toContain('StreamError');
  });

  it('finds more items held than declared, and items held after the end', async () => {
    const item = (n: number) => ({ n }) as unknown as number;
    const hoarding: Operator = scan((all: unknown[], n) => [...all.slice(-99), n], []);
    expect(await verdict('holds at most 10', () => hoarding, { item, holds: 10 })).toContain(
      'items held: expected 100 to be less than or equal to 10',
    );
    const remembered = new ReplaySubject<number>(3);
    const leaking: Operator = (source) => source.pipe(tap((n) => remembered.next(n)));
    expect(await verdict('holds at most 3', () => leaking, { item, holds: 3 })).toContain(
      'items held after unsubscribing: expected 3 to be +0',
    );
  });

  it('refuses to check memory with items that cannot be watched', () => {
    expect(() => lawsOf('wrong', () => pass, { holds: 1 })).toThrow('holds needs items that are objects, got a number');
  });
});
