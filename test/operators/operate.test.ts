import { config, Observable, of, retry, Subject, Subscriber, take, throwError } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { callbackError, operate, Stage, tell } from '../../operators/operate.js';
import { StreamError } from '../../src/chunk/index.js';

/** Passes everything on and notes when it is released. */
class Plain extends Stage<number> {
  released = 0;

  protected override release(): void {
    this.released++;
  }
}

/** Counts what it has passed, as operators with state do. */
class Counting extends Stage<number, string> {
  private count = 0;

  protected override _next(value: number): void {
    this.destination.next(`${++this.count}:${value}`);
  }
}

/** Fails while it completes, as operators do that hold what can no longer be emitted. */
class FailsAtEnd extends Stage<number> {
  protected override _complete(): void {
    this.fail(new Error('incomplete'));
  }
}

/** Makes an operator and keeps the stages it made. */
function plain(): { stages: Plain[]; operator: ReturnType<typeof operate<number>> } {
  const stages: Plain[] = [];
  const operator = operate<number>((destination) => {
    const stage = new Plain(destination);
    stages.push(stage);
    return stage;
  });
  return { stages, operator };
}

function outcome(source: Observable<unknown>): unknown[] {
  const seen: unknown[] = [];
  source.subscribe({ next: (v) => seen.push(v), error: (e) => seen.push(e), complete: () => seen.push('complete') });
  return seen;
}

describe('operate', () => {
  it('makes a fresh stage for every subscriber', () => {
    const counted = of(7, 8).pipe(operate<number, string>((destination) => new Counting(destination)));
    expect(outcome(counted)).toEqual(['1:7', '2:8', 'complete']);
    expect(outcome(counted)).toEqual(['1:7', '2:8', 'complete']);
  });

  it('starts clean when the source is retried', () => {
    let runs = 0;
    const source = new Observable<number>((subscriber) => {
      subscriber.next(7);
      if (++runs < 3) subscriber.error(new Error('again'));
      else subscriber.complete();
    });
    const counted = source.pipe(operate<number, string>((destination) => new Counting(destination)));
    expect(outcome(counted.pipe(retry(2)))).toEqual(['1:7', '1:7', '1:7', 'complete']);
  });

  it('stops a synchronous source the moment its destination is done', () => {
    let produced = 0;
    const firehose = new Observable<number>((subscriber) => {
      while (!subscriber.closed && produced < 100_000) subscriber.next(produced++);
    });
    const { stages, operator } = plain();
    expect(outcome(firehose.pipe(operator, operator, take(3)))).toEqual([0, 1, 2, 'complete']);
    expect(produced).toBe(3);
    expect(stages.map(({ released }) => released)).toEqual([1, 1]);
  });

  it('makes no stage for a destination that is closed already', () => {
    const { stages, operator } = plain();
    const source = new Subject<number>();
    const closed = new Subscriber<number>();
    closed.unsubscribe();
    source.pipe(operator).subscribe(closed);
    expect(stages).toEqual([]);
    expect(source.observed).toBe(false);
  });
});

describe('stage', () => {
  it.each([
    ['completion', (source: Subject<number>) => source.complete()],
    ['an error', (source: Subject<number>) => source.error(new Error('the source failed'))],
  ])('passes %s on, lets the source go and releases once', (_, end) => {
    const { stages, operator } = plain();
    const source = new Subject<number>();
    const seen = outcome(source.pipe(operator));
    end(source);
    expect(seen).toHaveLength(1);
    expect(source.observed).toBe(false);
    expect(stages[0]!.released).toBe(1);
    stages[0]!.unsubscribe();
    expect(stages[0]!.released).toBe(1);
  });

  it('releases once when unsubscribed, and is closed by then', () => {
    class Curious extends Plain {
      closedWhenReleased: boolean | undefined;

      protected override release(): void {
        super.release();
        this.closedWhenReleased = this.closed;
        this.unsubscribe();
      }
    }
    const source = new Subject<number>();
    let stage!: Curious;
    const curious = operate<number>((destination) => (stage = new Curious(destination)));
    const subscription = source.pipe(curious).subscribe();
    subscription.unsubscribe();
    subscription.unsubscribe();
    expect([stage.released, stage.closedWhenReleased]).toEqual([1, true]);
    expect(source.observed).toBe(false);
  });

  it('releases even when the source throws while it is let go', () => {
    const { stages, operator } = plain();
    const source = new Observable<number>(() => () => {
      throw new Error('teardown');
    });
    const subscription = source.pipe(operator).subscribe();
    expect(() => subscription.unsubscribe()).toThrow('teardown');
    expect(stages[0]!.released).toBe(1);
  });

  it('can fail while it completes', () => {
    const source = new Subject<number>();
    const seen = outcome(source.pipe(operate<number>((destination) => new FailsAtEnd(destination))));
    source.complete();
    expect(seen).toEqual([new Error('incomplete')]);
    expect(source.observed).toBe(false);
  });

  it('cannot fail once it has ended', () => {
    class Late extends Plain {
      failNow(): void {
        this.fail(new Error('late'));
      }
    }
    let stage!: Late;
    const seen = outcome(of(1).pipe(operate<number>((destination) => (stage = new Late(destination)))));
    stage.failNow();
    expect(seen).toEqual([1, 'complete']);
  });

  it('passes an error on that a source raises at once', () => {
    const { stages, operator } = plain();
    const error = new Error('at once');
    expect(outcome(throwError(() => error).pipe(operator))).toEqual([error]);
    expect(stages[0]!.released).toBe(1);
  });
});

describe('the inside of RxJS that stages stand on', () => {
  /** A stage of the kind we write, without our own class between. */
  class Bare extends Subscriber<number> {
    readonly calls: string[] = [];

    protected override _next(value: number): void {
      this.calls.push(`next ${value}`);
      super._next(value);
    }

    protected override _error(error: unknown): void {
      this.calls.push('error');
      super._error(error);
    }

    protected override _complete(): void {
      this.calls.push('complete');
      super._complete();
    }

    look(): { destination: unknown; isStopped: boolean } {
      return { destination: this.destination, isStopped: this.isStopped };
    }
  }

  it('calls _next, _error and _complete, and nothing after the end', () => {
    const one = new Bare(new Subscriber<number>({ next() {}, error() {}, complete() {} }));
    one.next(1);
    one.complete();
    one.next(2);
    expect(one.calls).toEqual(['next 1', 'complete']);
    const other = new Bare(new Subscriber<number>({ next() {}, error() {}, complete() {} }));
    other.error(new Error());
    other.complete();
    expect(other.calls).toEqual(['error']);
  });

  it('keeps the destination, joins its subscription, and drops it at the end', () => {
    const destination = new Subscriber<number>({ next() {}, error() {}, complete() {} });
    const bare = new Bare(destination);
    expect(bare.look()).toEqual({ destination, isStopped: false });
    destination.unsubscribe();
    expect(bare.closed).toBe(true);
    expect(bare.look()).toEqual({ destination: null, isStopped: true });
  });

  it('takes a subscriber as it is, so that closing it stops the source', () => {
    let seen: unknown;
    const bare = new Bare(new Subscriber<number>({ next() {}, error() {}, complete() {} }));
    new Observable<number>((subscriber) => void (seen = subscriber)).subscribe(bare);
    expect(seen).toBe(bare);
  });
});

describe('callbackError', () => {
  it('names the operator and keeps the cause', () => {
    const cause = new TypeError('no such field');
    const error = callbackError('reorder', cause, { seq: 3 });
    expect(error).toMatchObject({ code: 'callback-failed', cause, details: { operator: 'reorder', seq: 3 } });
    expect(error.message).toBe('reorder: a callback threw: no such field');
  });

  it('takes anything thrown', () => {
    expect(callbackError('reorder', 'a string')).toMatchObject({
      message: 'reorder: a callback threw: a string',
      cause: 'a string',
    });
  });

  it('leaves an error of ours as it is', () => {
    const error = new StreamError('gap', 'gone');
    expect(callbackError('reorder', error)).toBe(error);
  });
});

describe('tell', () => {
  const event = { type: 'duplicate', seq: 1, operator: 'dedupe' } as const;

  afterEach(() => {
    config.onUnhandledError = null;
    vi.useRealTimers();
  });

  it('tells a probe, if there is one', () => {
    const probe = vi.fn();
    tell(probe, event);
    tell(undefined, event);
    expect(probe.mock.calls).toEqual([[event]]);
  });

  it('gives what a probe throws to the handler of unhandled errors, later', () => {
    vi.useFakeTimers();
    const unhandled = vi.fn();
    config.onUnhandledError = unhandled;
    const boom = new Error('boom');
    tell(() => {
      throw boom;
    }, event);
    expect(unhandled).not.toHaveBeenCalled();
    vi.runAllTimers();
    expect(unhandled.mock.calls).toEqual([[boom]]);
  });

  it('throws it on a stack of its own where there is no handler', () => {
    vi.useFakeTimers();
    tell(() => {
      throw new Error('boom');
    }, event);
    expect(() => vi.runAllTimers()).toThrow('boom');
  });
});
