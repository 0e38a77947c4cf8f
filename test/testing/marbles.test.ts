import { delay, interval, map, of, throwError, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { marbles } from '../../src/testing/index.js';

let outside: unknown;
try {
  marbles(() => {});
} catch (error) {
  outside = error;
}

function failureOf(work: () => void): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it passed');
}

describe('marbles', () => {
  it('checks what comes out, when, and when the source is let go', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('     -a-b-|', { a: 1, b: 2 });
      const subscription = '    ^----!';
      const result = '          -x-y-|';
      expectObservable(source.pipe(map((n) => n * 2))).toBe(result, { x: 2, y: 4 });
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  it('runs RxJS timers on virtual time', () =>
    marbles(({ hot, expectObservable, time }) => {
      expectObservable(hot('-a-b--').pipe(delay(time('--|')))).toBe('---a-b');
      expectObservable(timer(60_000).pipe(map(String))).toBe('1m (0|)');
    }));

  it('compares with another observable', () => {
    marbles(({ cold, expectObservable }) => expectObservable(cold('-a|')).toEqual(cold('-a|')));
    expect(() => marbles(({ cold, expectObservable }) => expectObservable(cold('-a|')).toEqual(cold('--a|')))).toThrow(
      'expected  --a|\nreceived  -a|',
    );
  });

  it('fails with both sides as marbles, the expected above the received', () => {
    const failed = failureOf(() =>
      marbles(({ cold, expectObservable }) => {
        expectObservable(cold('-a-b|', { a: { n: 1 }, b: { n: 2 } })).toBe('-a--b|', { a: { n: 1 }, b: { n: 2 } });
      }),
    );
    expect(failed.name).toBe('AssertionError');
    expect(failed.message).toBe(
      ['marbles differ', 'expected  -a--b|', 'received  -a-b|', '  a = { n: 1 }', '  b = { n: 2 }'].join('\n'),
    );
    expect(failed.stack!.split('\n')[5]).toContain('marbles.test.ts');
  });

  it('fails with both sides when subscriptions differ', () => {
    const failed = failureOf(() =>
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('-a--|');
        expectObservable(source, '^-!').toBe('-a');
        expectSubscriptions(source.subscriptions).toBe(['^---!']);
      }),
    );
    expect(failed.message).toBe('subscriptions differ\nexpected  ^---!\nreceived  ^-!');
  });

  it('fails when only the error differs', () => {
    const failed = failureOf(() =>
      marbles(({ expectObservable }) => {
        expectObservable(throwError(() => new Error('no'))).toBe('#', undefined, new Error('yes'));
      }),
    );
    expect(failed.message).toContain('expected # = Error: yes {}\nreceived # = Error: no {}');
  });

  it('names the values of the expectation that failed, not of another', () => {
    const failed = failureOf(() =>
      marbles(({ expectObservable, flush }) => {
        const late = expectObservable(of(1));
        expectObservable(of(2)).toBe('(x|)', { x: 2 });
        flush();
        late.toBe('(y|)', { y: 2 });
      }),
    );
    expect(failed.message).toContain('expected  (y|)\nreceived  (A|)\n  y = 2\n  A = 1');
  });

  it('refuses an async body, whose later expectations would never be checked', () => {
    const body = async () => {
      await Promise.resolve();
      throw new Error('hidden');
    };
    expect(() => marbles(body as () => void)).toThrow('the body must not be async');
  });

  it('refuses an expectation that states nothing', () => {
    const failed = failureOf(() => marbles(({ expectObservable }) => void expectObservable(of(1))));
    expect(failed.message).toBe('expectObservable() without toBe or toEqual checks nothing');
    expect(failed.stack!.split('\n')[1]).toContain('marbles.test.ts');
    expect(() => marbles(({ cold, expectSubscriptions }) => void expectSubscriptions(cold('-').subscriptions))).toThrow(
      'expectSubscriptions() without toBe',
    );
  });

  it('refuses to be nested, and runs again afterwards', () => {
    expect(() => marbles(() => marbles(() => {}))).toThrow('must not be called inside another');
    marbles(({ expectObservable }) => expectObservable(of('a')).toBe('(a|)'));
  });

  it('refuses to run outside a test, where nothing would fail', () => {
    expect(outside).toEqual(new Error('marbles: must be called inside a test'));
  });

  it('stops a timer that never ends', () => {
    expect(() => marbles(({ expectObservable }) => expectObservable(interval(1000)).toBe('-'))).toThrow(
      'a timer is still running after 600000 frames',
    );
    expect(() => marbles(() => void interval(5).subscribe(), { maxFrames: 20 })).toThrow('after 20 frames');
    marbles(({ expectObservable }) => expectObservable(interval(5).pipe(map(String)), '^------!').toBe('-----0'));
  });

  it('takes a longer limit, and refuses a wrong one', () => {
    const day = 86_400_000;
    marbles(({ expectObservable }) => expectObservable(timer(day).pipe(map(String))).toBe(`${day}ms (0|)`), {
      maxFrames: Infinity,
    });
    expect(() => marbles(() => {}, { maxFrames: 0 })).toThrow(RangeError);
  });

  it('refuses a falsy error, in whose place RxJS expects another', () => {
    expect(() => marbles(({ cold }) => void cold('#', undefined, 0))).toThrow('# cannot stand for the falsy error 0');
    expect(() => marbles(({ hot }) => void hot('#', undefined, ''))).toThrow(TypeError);
    expect(() =>
      marbles(({ cold, expectObservable }) => expectObservable(cold('#')).toBe('#', undefined, null)),
    ).toThrow('falsy error null');
  });

  it('refuses diagrams that mean something else than they show', () => {
    expect(() => marbles(({ cold }) => void cold('-a 10ms|'))).toThrow('must be followed by a space');
    expect(() => marbles(({ hot }) => void hot('-b|', { a: 1 }))).toThrow('values has no "b"');
    expect(() => marbles(({ expectObservable }) => expectObservable(of(1)).toBe('(b|)', { a: 1 }))).toThrow('"b"');
    expect(() => marbles(({ expectObservable }) => expectObservable(of(1), '^ 5ms!').toBe('-'))).toThrow('space');
    expect(() =>
      marbles(({ cold, expectSubscriptions }) => expectSubscriptions(cold('-').subscriptions).toBe('^ 5ms!')),
    ).toThrow('space');
  });

  it('fails when what it runs throws', () => {
    expect(() =>
      marbles(({ cold }) => {
        cold('-a').subscribe(() => {
          throw new Error('the consumer failed');
        });
      }),
    ).toThrow('the consumer failed');
  });
});
