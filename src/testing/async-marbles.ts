import { from, Observable, type ObservableInput, Subscription } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { vi } from 'vitest';
import { checkBound } from '../chunk/index.js';
import { checkDiagram, compareMessages, equal, type Message, type Values } from './diagram.js';
import { Place } from './failure.js';

/** What {@link asyncMarbles} hands to its body. */
export interface AsyncMarbleHelpers {
  /** An observable that plays the diagram from the moment it is subscribed, on the fake clock. */
  cold<T = string>(diagram: string, values?: Readonly<Record<string, T>>, error?: unknown): Observable<T>;
  /**
   * Subscribes to anything RxJS can make an observable of (an async iterable, a promise, an observable), in the frames of
   * `subscription` (`'^---!'`; default: from frame 0 to the end).
   */
  expectObservable(input: ObservableInput<unknown>, subscription?: string): AsyncExpectation;
}

/** Says what must come out. */
export interface AsyncExpectation {
  toBe(diagram: string, values?: Readonly<Record<string, unknown>>, error?: unknown): void;
}

/** Options of {@link asyncMarbles}. */
export interface AsyncMarbleOptions {
  /** How many frames to play; what happens later is not seen. Default 50. */
  readonly frames?: number;
}

/**
 * Runs a marble test over promises, async iterables and plain timers: vitest's fake timers, one frame a millisecond, and
 * every microtask that is ready runs before the next frame. Await it.
 *
 * Where {@link marbles} plays to the end, this plays `frames` frames, then lets go of everything and fails if a timer is
 * left: a leak. It fails like `marbles` for an expectation without `toBe` and for nesting. The body may be async as long
 * as it waits for promises only: no time passes before it has returned.
 *
 * @example
 * it('reads an async iterable', () =>
 *   asyncMarbles(
 *     ({ expectObservable }) => {
 *       async function* ticks() {
 *         for (const n of [1, 2]) {
 *           await new Promise((resolve) => setTimeout(resolve, 3));
 *           yield n;
 *         }
 *       }
 *       expectObservable(ticks()).toBe('---a--(b|)', { a: 1, b: 2 });
 *     },
 *     { frames: 10 },
 *   ));
 */
export async function asyncMarbles(
  body: (helpers: AsyncMarbleHelpers) => void | Promise<void>,
  options: AsyncMarbleOptions = {},
): Promise<void> {
  const last = checkBound('frames', options.frames ?? 50);
  if (vi.isFakeTimers()) throw new Error('asyncMarbles: must not be called inside another, or while timers are faked');
  const { setTimeout: afterRealTurn } = globalThis;
  vi.useFakeTimers({ now: 0, toFake: [...faked] });
  const recordings: Recording[] = [];
  try {
    await body(helpers(recordings));
    const open = recordings.find(({ expected }) => expected === undefined);
    if (open !== undefined) throw open.failure('expectObservable() without toBe checks nothing');
    for (const recording of recordings) recording.start();
    await vi.advanceTimersByTimeAsync(0);
    for (let frame = 0; frame < last; frame++) await vi.advanceTimersByTimeAsync(1);
    for (const recording of recordings) recording.stop();
    // What lets go asynchronously, such as a generator's finally, may do so before timers are counted.
    await new Promise((resolve) => afterRealTurn(resolve));
    for (const recording of recordings) recording.compare(last);
    checkTimers();
  } finally {
    for (const recording of recordings) recording.stop();
    vi.useRealTimers();
  }
}

/** All the clocks of vitest but the microtask queue, which must stay real to be flushed. */
const faked = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'Date',
  'performance',
] as const;

function helpers(recordings: Recording[]): AsyncMarbleHelpers {
  const expectObservable = (input: ObservableInput<unknown>, subscription = '^'): AsyncExpectation => {
    const recording = new Recording(input, subscription, expectObservable);
    recordings.push(recording);
    return { toBe: (diagram, values, error) => recording.state(diagram, values, error) };
  };
  return { cold, expectObservable };
}

function cold<T>(diagram: string, values?: Readonly<Record<string, T>>, error?: unknown): Observable<T> {
  checkDiagram(diagram, values);
  const messages = parse(diagram, values, error);
  return new Observable<T>((subscriber) => {
    const timers = messages.map(({ frame, notification }) =>
      setTimeout(() => {
        if (notification.kind === 'N') subscriber.next(notification.value as T);
        else if (notification.kind === 'E') subscriber.error(notification.error);
        else subscriber.complete();
      }, frame),
    );
    return () => timers.forEach(clearTimeout);
  });
}

/** One `expectObservable`: what must come, and what came. */
class Recording {
  expected: readonly Message[] | undefined;
  readonly #received: Message[] = [];
  readonly #subscription = new Subscription();
  readonly #from: number;
  readonly #to: number;
  readonly #place: Place;
  #values: Values | undefined;

  constructor(
    readonly input: ObservableInput<unknown>,
    diagram: string,
    caller: object,
  ) {
    this.#place = new Place(caller);
    checkDiagram(diagram);
    const log = inFrames(() => TestScheduler.parseMarblesAsSubscriptions(diagram, true));
    // As in RxJS: a diagram without ^ subscribes at once.
    this.#from = log.subscribedFrame === Infinity ? 0 : log.subscribedFrame;
    this.#to = log.unsubscribedFrame;
  }

  state(diagram: string, values: Values | undefined, error: unknown): void {
    checkDiagram(diagram, values);
    this.#values = values;
    this.expected = parse(diagram, values, error);
  }

  start(): void {
    this.#at(this.#from, () => this.#subscribe());
    if (this.#to !== Infinity) this.#at(this.#to, () => this.stop());
  }

  stop(): void {
    this.#subscription.unsubscribe();
  }

  compare(last: number): void {
    if (equal(this.#received, this.expected)) return;
    const beyond = this.expected!.some(({ frame }) => frame > last) ? `, of which ${last} frames were played` : '';
    throw this.failure(`marbles differ${beyond}\n${compareMessages(this.expected!, this.#received, this.#values)}`);
  }

  failure(message: string): Error {
    return this.#place.failure(message);
  }

  #subscribe(): void {
    const record = (notification: Message['notification']) => this.#received.push({ frame: Date.now(), notification });
    this.#subscription.add(
      from(this.input).subscribe({
        next: (value) => record({ kind: 'N', value }),
        error: (error: unknown) => record({ kind: 'E', error }),
        complete: () => record({ kind: 'C' }),
      }),
    );
  }

  #at(frame: number, work: () => void): void {
    if (frame === 0) return work();
    const timer = setTimeout(work, frame);
    this.#subscription.add(() => clearTimeout(timer));
  }
}

function parse(diagram: string, values: unknown, error: unknown): Message[] {
  return inFrames(() => TestScheduler.parseMarbles(diagram, values, error, undefined, true));
}

/** RxJS counts ten to a frame except in `run`. */
function inFrames<R>(work: () => R): R {
  const factor = TestScheduler.frameTimeFactor;
  TestScheduler.frameTimeFactor = 1;
  try {
    return work();
  } finally {
    TestScheduler.frameTimeFactor = factor;
  }
}

function checkTimers(): void {
  const left = vi.getTimerCount();
  if (left > 0) throw new Error(`asyncMarbles: ${left} timer(s) left after everything was unsubscribed`);
}
