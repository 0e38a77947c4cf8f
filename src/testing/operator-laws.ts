import { config, Observable, type OperatorFunction, Subject, take } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { kindOf, StreamError } from '../chunk/index.js';
import type { Probe } from '../probe/index.js';
import { OperatorStage } from './operator-stage.js';
import { countReachable } from './reachable.js';

/** Makes the operator under test, with the probe it is given where it takes one. */
export type MakeOperator<T, R> = (probe: Probe) => OperatorFunction<T, R>;

/** Options of {@link operatorLaws}: how the operator differs from one that passes every item on, at once. */
export interface OperatorLawOptions<T, R = T> {
  /** The n-th item handed to the operator, counted from 0. Default: the number itself. */
  readonly item?: (n: number) => T;
  /** What comes out when these items went in and the source has completed. Default: the same items. */
  readonly expected?: (items: readonly T[]) => readonly R[];
  /** Most items a synchronous source may hand over until three have come out. Default 3: no look-ahead. */
  readonly firehose?: number;
  /** Whether what an item brings out may come later than in the same call. Default `false`. */
  readonly delayed?: boolean;
  /** Whether it may still emit when the source has completed: within a minute. Default `false`. */
  readonly lingers?: boolean;
  /** Whether all subscribers share one subscription to the source. Default `false`. */
  readonly shared?: boolean;
  /** Whether a consumer that feeds the source is never called again before it has returned. Default `false`. */
  readonly flat?: boolean;
  /** Most items held while no timer runs. Needs `item` to make objects. Default: not checked. */
  readonly holds?: number;
  /** The operator with one of its callbacks, by name, that throws. Default: it takes none. */
  readonly throwing?: Readonly<Record<string, (boom: () => never) => OperatorFunction<T, R>>>;
}

/**
 * Runs the laws every operator keeps, as a `describe` of their own: a fresh state for each subscription, a synchronous
 * source stopped in time, errors and completion passed on, silence after the end, nothing left after unsubscribing, order
 * under re-entrancy, user callbacks and probes that throw, bounded memory.
 *
 * Timers must run on the `asyncScheduler`: the laws count them with vitest's fake timers.
 *
 * @param make - called once for each law
 *
 * @example
 * operatorLaws('batch', (probe) => batch({ maxItems: 2, probe }), {
 *   expected: (items) => pairs(items),
 *   firehose: 6,
 *   delayed: true,
 * });
 */
export function operatorLaws<T, R = T>(
  name: string,
  make: MakeOperator<T, R>,
  options: OperatorLawOptions<T, R> = {},
): void {
  const laws = lawsOf(name, make, options);
  describe(`${name} keeps the laws of operators:`, () => {
    for (const { title, check } of laws) it(title, check);
  });
}

/** @internal One law, checked on one operator. */
export interface OperatorLaw {
  readonly title: string;
  check(): void | Promise<void>;
}

/** @internal The laws that apply, each with its check: what {@link operatorLaws} registers. */
export function lawsOf<T, R>(
  name: string,
  make: MakeOperator<T, R>,
  options: OperatorLawOptions<T, R>,
): readonly OperatorLaw[] {
  const laws = new Laws(name, make, options);
  const timed = (title: string, check: () => void): OperatorLaw => ({ title, check: () => onFakeTimers(check) });
  const list = [
    timed('starts clean for every subscription', () => laws.startsClean()),
    timed('keeps apart what runs at the same time', () => laws.keepsApart()),
    timed('stops a synchronous source once its consumer has enough', () => laws.stopsFirehose()),
    timed('passes completion on, after everything that was due', () => laws.passesCompletion()),
    timed('passes an error on as it is', () => laws.passesErrors()),
    timed('is silent after the end, and lets the source and timers go', () => laws.endsSilently()),
    timed('lets the source and timers go when unsubscribed', () => laws.letsGo()),
    timed('stops at once when its consumer unsubscribes inside next', () => laws.stopsInsideNext()),
    timed('keeps order when its consumer feeds the source', () => laws.keepsOrder()),
    timed('is not harmed by a probe that throws', () => laws.survivesProbe()),
  ];
  if (options.delayed !== true) list.push(timed('emits in the call that brought the item', () => laws.emitsAtOnce()));
  if (options.flat === true) list.push(timed('does not grow the stack when fed', () => laws.staysFlat()));
  for (const [callback, throwing] of Object.entries(options.throwing ?? {})) {
    list.push(timed(`ends with callback-failed when ${callback} throws`, () => laws.wrapsThrown(throwing)));
  }
  const { holds } = options;
  if (holds !== undefined) list.push({ title: `holds at most ${holds} items`, check: () => laws.staysBounded(holds) });
  return list;
}

const noProbe: Probe = () => {};
const some = 6;
const many = 10_000;
const lingerMs = 60_000;
const firehoseEnd = 100_000;

class Laws<T, R> {
  readonly #item: (n: number) => T;
  readonly #expected: (items: readonly T[]) => readonly R[];

  constructor(
    readonly name: string,
    readonly make: MakeOperator<T, R>,
    readonly options: OperatorLawOptions<T, R>,
  ) {
    this.#item = options.item ?? ((n) => n as T);
    this.#expected = options.expected ?? ((items) => items as readonly unknown[] as readonly R[]);
    if (options.holds === undefined || typeof this.#item(0) === 'object') return;
    throw new TypeError(`operatorLaws: holds needs items that are objects, got ${kindOf(this.#item(0))}`);
  }

  startsClean(): void {
    const stage = this.#stage();
    const fail = new Error('the source failed');
    const endings: ((source: Subject<T>) => void)[] = [
      (source) => source.complete(),
      (source) => source.error(fail),
      () => stage.subscription!.unsubscribe(),
      (source) => source.complete(),
    ];
    for (const end of endings) {
      stage.subscribe();
      const items = this.#feed(stage.source, some);
      end(stage.source);
      this.#linger();
      if (stage.ended === 'complete') expect(stage.values).toEqual(this.#expected(items));
    }
  }

  keepsApart(): void {
    const operator = this.make(noProbe);
    const sources = [new Subject<T>(), new Subject<T>()] as const;
    const stages = sources.map((source) => new OperatorStage(source, () => source.pipe(operator)));
    // Twice the same observable: state created when it is subscribed is still no state of the observable.
    let next = 0;
    const both = new Observable<T>((subscriber) => sources[next++]!.subscribe(subscriber)).pipe(operator);
    if (this.options.shared !== true) stages.push(...sources.map((source) => new OperatorStage(source, () => both)));
    for (const stage of stages) stage.subscribe();
    // The second source has less to say, so that it shows which of them a stage has heard.
    const fed = [this.#items(2 * some), this.#items(some)] as const;
    for (const [n, item] of fed[0].entries()) {
      sources[0].next(item);
      if (n < some) sources[1].next(fed[1][n]!);
    }
    for (const source of sources) source.complete();
    this.#linger();
    for (const [n, stage] of stages.entries()) expect(stage.values).toEqual(this.#expected(fed[n % 2]!));
  }

  stopsFirehose(): void {
    const { firehose = 3 } = this.options;
    let produced = 0;
    const source = new Observable<T>((subscriber) => {
      while (!subscriber.closed && produced < firehoseEnd) subscriber.next(this.#item(produced++));
    });
    const values: R[] = [];
    source.pipe(this.make(noProbe), take(3)).subscribe((value) => values.push(value));
    this.#linger();
    expect(values).toEqual(this.#expected(this.#items(firehose)).slice(0, 3));
    expect(produced, 'items taken from the source').toBeLessThanOrEqual(firehose);
  }

  passesCompletion(): void {
    for (const count of [0, 1, some]) {
      const stage = this.#stage().subscribe();
      const items = this.#feed(stage.source, count);
      stage.source.complete();
      this.#linger();
      expect(stage.values).toEqual(this.#expected(items));
      expect(stage.ended).toBe('complete');
    }
  }

  passesErrors(): void {
    for (const error of [new Error('the source failed'), undefined]) {
      for (const count of [0, 1, some]) {
        const stage = this.#stage().subscribe();
        const items = this.#feed(stage.source, count);
        stage.source.error(error);
        expect(stage.values).toEqual(this.#expected(items).slice(0, stage.values.length));
        expect(stage.ended).toBe('error');
        expect(stage.error).toBe(error);
      }
    }
  }

  endsSilently(): void {
    for (const end of ['complete', 'error'] as const) {
      const stage = this.#stage().subscribe();
      this.#feed(stage.source, some);
      stage.source[end](undefined);
      this.#linger();
      stage.expectSilence();
    }
  }

  letsGo(): void {
    for (const count of [0, 1, some]) {
      const stage = this.#stage().subscribe();
      this.#feed(stage.source, count);
      const before = stage.values.length;
      stage.subscription!.unsubscribe();
      stage.subscription!.unsubscribe();
      expect(stage.values.length, 'values after unsubscribing').toBe(before);
      expect(stage.ended).toBeUndefined();
      stage.expectSilence();
    }
  }

  stopsInsideNext(): void {
    const stage = this.#stage();
    stage.onValue = () => stage.subscription!.unsubscribe();
    stage.subscribe();
    this.#feed(stage.source, 2 * some);
    if (stage.values.length > 0) stage.expectSilence();
    // What was still held comes now, and is no different.
    stage.source.complete();
    this.#linger();
    expect(stage.values).toEqual(this.#expected(this.#items(2 * some)).slice(0, stage.values.length));
    expect(stage.values.length, 'values after unsubscribing').toBeLessThanOrEqual(1);
    stage.expectSilence();
  }

  keepsOrder(): void {
    const stage = this.#stage();
    const items = this.#items(2 * some);
    let next = 0;
    const feed = () => stage.source.next(items[next++]!);
    stage.onValue = () => {
      stage.onValue = () => {};
      while (next < items.length) feed();
    };
    stage.subscribe();
    while (next < items.length) feed();
    stage.source.complete();
    this.#linger();
    expect(stage.values).toEqual(this.#expected(items));
  }

  survivesProbe(): void {
    const { onUnhandledError } = config;
    const boom = new Error('the probe failed');
    const unhandled: unknown[] = [];
    config.onUnhandledError = (error) => unhandled.push(error);
    try {
      const stage = this.#stage(() => {
        throw boom;
      }).subscribe();
      const items = this.#feed(stage.source, some);
      stage.source.complete();
      this.#linger();
      vi.runOnlyPendingTimers();
      expect(stage.values).toEqual(this.#expected(items));
      expect(stage.ended).toBe('complete');
      expect(unhandled).toEqual(unhandled.map(() => boom));
    } finally {
      config.onUnhandledError = onUnhandledError;
    }
  }

  emitsAtOnce(): void {
    const stage = this.#stage().subscribe();
    for (let n = 0; n < some; n++) {
      stage.source.next(this.#item(n));
      expect(stage.values).toEqual(this.#expected(this.#items(n + 1)));
    }
  }

  staysFlat(): void {
    const stage = this.#stage();
    let next = 0;
    let depth = 0;
    let deepest = 0;
    stage.onValue = () => {
      deepest = Math.max(deepest, ++depth);
      if (next < many) stage.source.next(this.#item(next++));
      depth--;
    };
    stage.subscribe();
    while (next < many) stage.source.next(this.#item(next++));
    stage.source.complete();
    expect(deepest, 'calls of the consumer inside each other').toBe(1);
    expect(stage.values).toEqual(this.#expected(this.#items(many)));
  }

  wrapsThrown(throwing: (boom: () => never) => OperatorFunction<T, R>): void {
    const boom = new Error('the callback failed');
    const source = new Subject<T>();
    const operator = throwing(() => {
      throw boom;
    });
    const stage = new OperatorStage(source, () => source.pipe(operator)).subscribe();
    this.#feed(source, some);
    vi.advanceTimersByTime(60_000);
    source.complete();
    expect(stage.ended).toBe('error');
    expect(stage.error).toBeInstanceOf(StreamError);
    const { code, cause, details } = stage.error as StreamError;
    expect({ code, cause, operator: details.operator }).toEqual({
      code: 'callback-failed',
      cause: boom,
      operator: this.name,
    });
    stage.expectSilence();
  }

  async staysBounded(holds: number): Promise<void> {
    const source = new Subject<T>();
    const subscription = source.pipe(this.make(noProbe)).subscribe();
    const items = this.#feedWeakly(source);
    expect(await countReachable(items, holds), 'items held').toBeLessThanOrEqual(holds);
    subscription.unsubscribe();
    expect(await countReachable(items, 0), 'items held after unsubscribing').toBe(0);
  }

  /** Lets what still comes behind the completion come. */
  #linger(): void {
    if (this.options.lingers === true) vi.advanceTimersByTime(lingerMs);
  }

  #stage(probe = noProbe): OperatorStage<T, R> {
    const operator = this.make(probe);
    // One observable for all sources, so that what it remembers between subscriptions shows.
    const stage: OperatorStage<T, R> = new OperatorStage(new Subject<T>(), () => output);
    const output = new Observable<T>((subscriber) => stage.source.subscribe(subscriber)).pipe(operator);
    return stage;
  }

  #items(count: number): T[] {
    return Array.from({ length: count }, (_, n) => this.#item(n));
  }

  #feed(source: Subject<T>, count: number): T[] {
    const items = this.#items(count);
    for (const item of items) source.next(item);
    return items;
  }

  #feedWeakly(source: Subject<T>): WeakRef<object>[] {
    return this.#items(many).map((item) => {
      source.next(item);
      return new WeakRef(item as object);
    });
  }
}

function onFakeTimers(check: () => void): void {
  vi.useFakeTimers();
  try {
    check();
  } finally {
    vi.useRealTimers();
  }
}
