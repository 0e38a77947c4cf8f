import { type RunHelpers, TestScheduler } from 'rxjs/testing';
import { expect } from 'vitest';
import { checkBound } from '../chunk/index.js';
import {
  checkDiagram,
  compareMessages,
  compareSubscriptions,
  equal,
  type Message,
  type SubscriptionFrames,
  type Values,
} from './diagram.js';
import { Place } from './failure.js';

/** What {@link marbles} hands to its body: the helpers of RxJS's `TestScheduler.run`, made strict. */
export type MarbleHelpers = RunHelpers;

/** Options of {@link marbles}. */
export interface MarbleOptions {
  /** Frames after which a test that still has timers is stopped and fails. Default 600 000: ten virtual minutes. */
  readonly maxFrames?: number;
}

let running = false;

/**
 * Runs a marble test inside a vitest test: virtual time, one frame a millisecond, through RxJS's `TestScheduler.run`, which
 * sees every RxJS scheduler but no promise and no `setTimeout` of yours (for those there is `asyncMarbles`).
 *
 * What RxJS would let pass without a check fails here: an async body, an expectation without `toBe` or `toEqual`, nesting,
 * timers that never end, a time in a diagram without its space, a letter without a value. A failure prints both sides as
 * marbles, the expected above the received.
 *
 * @example
 * it('doubles', () =>
 *   marbles(({ cold, expectObservable, expectSubscriptions }) => {
 *     const source = cold('     -a-b-|', { a: 1, b: 2 });
 *     const subscription = '    ^----!';
 *     const result = '          -x-y-|';
 *     expectObservable(source.pipe(map((n) => n * 2))).toBe(result, { x: 2, y: 4 });
 *     expectSubscriptions(source.subscriptions).toBe(subscription);
 *   }));
 */
export function marbles(body: (helpers: MarbleHelpers) => void, options: MarbleOptions = {}): void {
  const maxFrames = checkBound('maxFrames', options.maxFrames ?? 600_000, { infinite: true });
  if (running) throw new Error('marbles: must not be called inside another marbles');
  if (expect.getState().currentTestName === undefined) throw new Error('marbles: must be called inside a test');
  const expectations: Expectation[] = [];
  const scheduler = new TestScheduler((received: unknown[], expected: unknown[]) => {
    checkEnded(scheduler, maxFrames);
    // RxJS compares in the order the expectations were made, those that were stated.
    const next = expectations.findIndex(({ stated }) => stated);
    expectations.splice(next, 1)[0]!.compare(received, expected);
  });
  running = true;
  try {
    scheduler.run((helpers) => {
      // In `run` there is no limit at first, and a timer that repeats would hang the whole test run.
      scheduler.maxFrames = maxFrames;
      refusePromise(body(strict(helpers, expectations)));
      const open = expectations.find(({ stated }) => !stated);
      if (open !== undefined) throw open.failure(`${open.name}() without toBe or toEqual checks nothing`);
    });
    checkEnded(scheduler, maxFrames);
  } finally {
    running = false;
  }
}

/** One `expectObservable` or `expectSubscriptions`, and where in the test it stands. */
class Expectation {
  stated = false;
  values: Values | undefined;
  readonly #place: Place;

  constructor(
    readonly name: 'expectObservable' | 'expectSubscriptions',
    caller: object,
  ) {
    this.#place = new Place(caller);
  }

  state(values?: unknown): void {
    this.stated = true;
    this.values = typeof values === 'object' && values !== null ? (values as Values) : undefined;
  }

  compare(received: unknown[], expected: unknown[]): void {
    if (equal(received, expected)) return;
    const picture =
      this.name === 'expectObservable'
        ? compareMessages(expected as Message[], received as Message[], this.values)
        : compareSubscriptions(expected as SubscriptionFrames[], received as SubscriptionFrames[]);
    throw this.failure(`${this.name === 'expectObservable' ? 'marbles' : 'subscriptions'} differ\n${picture}`);
  }

  failure(message: string): Error {
    return this.#place.failure(message);
  }
}

function strict(helpers: RunHelpers, expectations: Expectation[]): MarbleHelpers {
  const expectObservable: RunHelpers['expectObservable'] = (observable, subscription) => {
    if (typeof subscription === 'string') checkDiagram(subscription);
    const expectation = new Expectation('expectObservable', expectObservable);
    expectations.push(expectation);
    const statement = helpers.expectObservable(observable, subscription);
    return {
      toBe(diagram, values, ...error) {
        checkDiagram(diagram, values);
        checkError(...error);
        expectation.state(values);
        statement.toBe(diagram, values, ...error);
      },
      toEqual(other) {
        expectation.state();
        statement.toEqual(other);
      },
    };
  };
  const expectSubscriptions: RunHelpers['expectSubscriptions'] = (logs) => {
    const expectation = new Expectation('expectSubscriptions', expectSubscriptions);
    expectations.push(expectation);
    const statement = helpers.expectSubscriptions(logs);
    return {
      toBe(diagrams) {
        for (const diagram of [diagrams].flat()) checkDiagram(diagram);
        expectation.state();
        statement.toBe(diagrams);
      },
    };
  };
  return { ...helpers, expectObservable, expectSubscriptions, cold: checked(helpers.cold), hot: checked(helpers.hot) };
}

/** `cold` or `hot`, which read their diagrams alike. */
function checked<Make extends RunHelpers['cold'] | RunHelpers['hot']>(make: Make): Make {
  return ((diagram: string, values?: Record<string, unknown>, ...error: unknown[]) => {
    checkDiagram(diagram, values);
    checkError(...error);
    return make(diagram, values, ...error);
  }) as Make;
}

function checkEnded(scheduler: TestScheduler, maxFrames: number): void {
  if (scheduler.actions.length === 0) return;
  throw new Error(
    `marbles: a timer is still running after ${maxFrames} frames; ` +
      `unsubscribe with expectObservable(observable, '^--!'), or raise maxFrames`,
  );
}

/** RxJS takes a falsy error for none and puts 'error' in its place. */
function checkError(error?: unknown): void {
  if (error === undefined || error) return;
  throw new TypeError(`marbles: # cannot stand for the falsy error ${String(error)}`);
}

function refusePromise(result: unknown): void {
  if (typeof (result as PromiseLike<unknown> | undefined)?.then !== 'function') return;
  // Its own failure would only hide the reason.
  (result as PromiseLike<unknown>).then(undefined, () => {});
  throw new TypeError('marbles: the body must not be async, what follows its first await would never be checked');
}
