import fc from 'fast-check';
import { concat, map, NEVER, Observable, of, Subject, Subscriber, take, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { resume, type ResumeContext, type ResumeOptions } from '../../operators/index.js';
import { marbles, operatorLaws } from '../../src/testing/index.js';
import { item, type Item, listen, streamError } from './alphabet.js';
import { exact, failed, outcome, picture } from './resume-stage.js';

const cursor = (n: number) => n;
operatorLaws<number>('resume', (probe) => (source) => resume(() => source, { maxRetries: 0, cursor, probe }), {
  throwing: {
    connect: (boom) => () => resume(boom, { cursor }),
    cursor: (boom) => (source) => resume(() => source, { cursor: boom }),
  },
});
operatorLaws<Item>('resume', () => (source) => resume(() => source, { retryOn: () => false }), { item, holds: 0 });

describe('resume', () => {
  it('opens a lost source again behind the last position, after a wait', () => {
    const told = picture(
      {},
      {
        sources: ['-a-b-#', '-c|'],
        subscriptions: ['^----!', '--------^-!'],
        result: '-a-b-----c|',
      },
    );
    expect(told).toEqual([
      { cursor: undefined, attempt: 0 },
      { cursor: 1, attempt: 1 },
    ]);
  });

  it('waits longer each time it is lost in a row, up to a bound', () => {
    const told = picture(
      { maxMs: 10, maxRetries: 4 },
      {
        sources: ['#', '#', '#', '#', '-a|'],
        subscriptions: [
          '(^!)',
          '---(^!)',
          '---------(^!)',
          '-------------------(^!)',
          '-----------------------------^-!',
        ],
        result: '------------------------------a|',
      },
    );
    expect(told.map(({ attempt }) => attempt)).toEqual([0, 1, 2, 3, 4]);
  });

  it('waits a random part of that', () => {
    const drawn = [0.5, 0];
    picture(
      { minMs: 8, random: () => drawn.shift()! },
      {
        sources: ['#', '#', '-a|'],
        subscriptions: ['(^!)', '----(^!)', '----^-!'],
        result: '-----a|',
      },
    );
  });

  it('fails as the source did when the retries are used up', () => {
    picture(
      { maxRetries: 1 },
      {
        sources: ['-#', '-#'],
        subscriptions: ['^!', '----^!'],
        result: '-----#',
      },
    );
    picture({ maxRetries: 0 }, { sources: ['-a-#'], subscriptions: ['^--!'], result: '-a-#' });
  });

  it('forgets what was lost before an item came', () => {
    const told = picture(
      { maxRetries: 1 },
      {
        sources: ['-a#', '-b#', '-c|'],
        subscriptions: ['^-!', '-----^-!', '----------^-!'],
        result: '-a----b----c|',
      },
    );
    expect(told.map(({ attempt }) => attempt)).toEqual([0, 1, 1]);
  });

  it('forgets it only when the source lasted, where it is told to', () => {
    picture(
      { maxRetries: 1, resetAfterMs: 4 },
      {
        sources: ['-a---#', '-b--#'],
        subscriptions: ['^----!', '--------^---!'],
        result: '-a-------b--#',
      },
    );
    picture(
      { maxRetries: 1, resetAfterMs: 5 },
      {
        sources: ['-a----#', '-b----#', '-c|'],
        subscriptions: ['^-----!', '---------^-----!', '------------------^-!'],
        result: '-a--------b--------c|',
      },
    );
  });

  it('fails at once on an error that is not worth another try', () => {
    const asked: unknown[] = [];
    const retryOn = (error: unknown, { attempt, cursor }: ResumeContext<number>) => {
      asked.push([error, attempt, cursor]);
      return attempt === 0;
    };
    picture(
      { retryOn },
      {
        sources: ['#', '-a-#'],
        subscriptions: ['(^!)', '---^--!'],
        result: '----a-#',
      },
    );
    expect(asked).toEqual([
      [failed, 0, undefined],
      [failed, 1, undefined],
    ]);
  });

  it('completes with the source, or takes that for a loss', () => {
    picture({}, { sources: ['-a|'], subscriptions: ['^-!'], result: '-a|' });
    picture(
      { onComplete: 'retry' },
      {
        sources: ['a|', 'b|', 'c|'],
        subscriptions: ['^!', '----^!', '--------^!'],
        consumer: '^--------!',
        result: 'a---b---c-',
      },
    );
    picture(
      { onComplete: 'retry', maxRetries: 1 },
      {
        sources: ['-|', '-|'],
        subscriptions: ['^!', '----^!'],
        result: '-----|',
      },
    );
  });

  it('asks no retryOn and no retryAfterMs about a completion', () => {
    const boom = () => {
      throw failed;
    };
    picture(
      { onComplete: 'retry', maxRetries: 1, retryOn: boom, retryAfterMs: boom },
      {
        sources: ['-|', '-|'],
        subscriptions: ['^!', '----^!'],
        result: '-----|',
      },
    );
  });

  it('waits as long as the server asks', () => {
    const { probe, heard } = listen('resume');
    picture(
      { retryAfterMs: (error) => (error === failed ? 5 : undefined), probe },
      {
        sources: ['-#', '-a|'],
        subscriptions: ['^!', '------^-!'],
        result: '-------a|',
      },
    );
    expect(heard).toEqual([{ type: 'retry', attempt: 1, delayMs: 5 }]);
    picture({ retryAfterMs: () => 0 }, { sources: ['-#', '-a|'], subscriptions: ['^!', '-^-!'], result: '--a|' });
    picture(
      { retryAfterMs: () => undefined },
      { sources: ['#', '-a|'], subscriptions: ['(^!)', '---^-!'], result: '----a|' },
    );
  });

  it('waits no longer than a timer can', () => {
    const { probe, heard } = listen('resume');
    marbles(({ flush }) => {
      const source = resume(() => throwError(() => failed), { retryAfterMs: () => Infinity, probe });
      const subscription = source.subscribe();
      subscription.unsubscribe();
      flush();
    });
    expect(heard).toEqual([{ type: 'retry', attempt: 1, delayMs: 2 ** 31 - 1 }]);
  });

  it('stops waiting, and lets the source go, when unsubscribed', () => {
    picture({}, { sources: ['-#', 'a'], subscriptions: ['^!'], consumer: '^--!', result: '----' });
    picture({}, { sources: ['-a----'], subscriptions: ['^--!'], consumer: '^--!', result: '-a--' });
  });

  it('aborts the signal of a source that is lost or let go', () => {
    const signals: AbortSignal[] = [];
    const sources = [throwError(() => failed), NEVER];
    marbles(({ flush }) => {
      const connect = ({ signal }: ResumeContext<number>) => sources[signals.push(signal) - 1]!;
      const subscription = resume(connect, exact).subscribe();
      flush();
      expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
      subscription.unsubscribe();
      expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    });
  });

  it('stops a source that emits without end while it is subscribed to', () => {
    let produced = 0;
    const firehose = new Observable<Item>((destination) => {
      while (!destination.closed) destination.next(item(produced++));
    });
    resume(() => firehose)
      .pipe(take(3))
      .subscribe();
    expect(produced).toBe(3);
  });

  it('opens nothing for a consumer that has gone', () => {
    let opened = 0;
    const source = resume(() => {
      opened++;
      return NEVER;
    });
    concat(of(1), source).pipe(take(1)).subscribe();
    const closed = new Subscriber<unknown>();
    closed.unsubscribe();
    source.subscribe(closed);
    expect(opened).toBe(0);
  });

  it('arms no timer when its consumer leaves as it hears of a loss', () => {
    marbles(({ flush }) => {
      const source = new Subject<Item>();
      let opened = 0;
      const connect = () => {
        opened++;
        return source;
      };
      const subscription = resume(connect, { ...exact, probe: () => subscription.unsubscribe() }).subscribe();
      source.error(failed);
      flush();
      expect(opened).toBe(1);
    });
  });

  it.each<[string, ResumeOptions<number>, string]>([
    ['retryOn', { retryOn: boom }, 'boom'],
    ['retryAfterMs', { retryAfterMs: boom }, 'boom'],
    ['random', { random: boom }, 'boom'],
    ['retryAfterMs', { retryAfterMs: () => NaN }, 'retryAfterMs must return a number of at least 0, got NaN'],
    ['retryAfterMs', { retryAfterMs: () => -1 }, 'retryAfterMs must return a number of at least 0, got a negative'],
  ])('fails when %s throws or gives nothing of use: %o', (_, options, message) => {
    expect(outcome([throwError(() => failed).pipe(map(Number))], { cursor, ...options })).toEqual([
      streamError('callback-failed', 'resume', message),
    ]);
  });

  it('fails when connecting throws, also the second time, or gives nothing that can be subscribed to', () => {
    marbles(({ expectObservable }) => {
      let calls = 0;
      const connect = () => (calls++ === 0 ? throwError(() => failed) : boom());
      expectObservable(resume(connect, exact)).toBe(
        '---#',
        undefined,
        streamError('callback-failed', 'resume', 'boom'),
      );
      const nothing = () => 5 as never;
      expectObservable(resume(nothing)).toBe('#', undefined, streamError('callback-failed', 'resume'));
    });
  });

  it('has waits that are never longer than their bound', () => {
    const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.array(draw, { minLength: 1, maxLength: 20 }), (drawn) =>
        marbles(({ flush }) => {
          const waits: number[] = [];
          const draws = [...drawn];
          resume(() => throwError(() => failed), {
            random: () => draws.shift()!,
            maxRetries: drawn.length,
            probe: (event) => event.type === 'retry' && waits.push(event.delayMs),
          }).subscribe({ error: () => {} });
          flush();
          expect(waits).toEqual(drawn.map((part, n) => part * Math.min(30_000, 500 * 2 ** n)));
        }),
      ),
    );
  });

  it.each([
    [undefined, {}, 'connect must be a function, got undefined'],
    [() => NEVER, { minMs: 0 }, 'minMs must be a whole number of at least 1, got 0'],
    [() => NEVER, { minMs: 9, maxMs: 8 }, 'maxMs must be a whole number of at least 9 and at most 2147483647, got 8'],
    [() => NEVER, { maxRetries: -1 }, 'maxRetries must be a whole number of at least 0 or Infinity, got -1'],
    [() => NEVER, { resetAfterMs: NaN }, 'resetAfterMs must be a whole number of at least 0, got NaN'],
    [() => NEVER, { onComplete: 'again' }, 'onComplete must be "end" or "retry"'],
    [() => NEVER, { cursor: 'id' }, 'cursor must be a function, got a string'],
    [() => NEVER, { retryAfterMs: 5 }, 'retryAfterMs must be a function, got a number'],
    [() => NEVER, { retryOn: true }, 'retryOn must be a function, got a boolean'],
    [() => NEVER, { random: 0.5 }, 'random must be a function, got a fractional number'],
  ])('refuses %o with %o', (connect, options, message) => {
    expect(() => resume(connect as never, options as never)).toThrow(message);
  });
});

function boom(): never {
  throw new Error('boom');
}
