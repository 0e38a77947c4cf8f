import { concat, NEVER, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { idleTimeout, type IdleTimeoutOptions } from '../../operators/index.js';
import { marbles, operatorLaws } from '../../src/testing/index.js';
import { streamError } from './alphabet.js';
import { checkTimeless } from './each-item.js';

const all = { firstMs: 1000, eachMs: 1000, totalMs: 10_000 };

operatorLaws('idleTimeout', () => idleTimeout({ ...all, isAlive: () => true }), {
  throwing: {
    isAlive: (boom) => idleTimeout({ eachMs: 1000, isAlive: boom }),
    with: (boom) => idleTimeout({ eachMs: 1000, with: boom }),
  },
});
operatorLaws('idleTimeout', () => idleTimeout(all), { item: (n) => ({ n }), holds: 0 });

/** Checks a picture on a cold and on a hot source. */
function picture(options: IdleTimeoutOptions<string>, source: string, subscription: string, result: string, why = '') {
  const error = streamError('idle-timeout', why);
  for (const temperature of ['cold', 'hot'] as const) {
    marbles(({ expectObservable, expectSubscriptions, ...make }) => {
      const input = make[temperature](source);
      expectObservable(input.pipe(idleTimeout(options))).toBe(result, undefined, error);
      expectSubscriptions(input.subscriptions).toBe(subscription);
    });
  }
}

describe('idleTimeout', () => {
  it('fails when nothing comes for too long', () =>
    picture({ eachMs: 4 }, '--a--b-------c', '^--------!', '--a--b---#', 'nothing came for 4 ms'));

  it('waits longer for the first item where it is told to', () =>
    picture({ firstMs: 10, eachMs: 3 }, '------a-b----', '^----------!-', '------a-b--#-', 'nothing came for 3 ms'));

  it('counts from the first item, not from the end of the wait for it', () =>
    picture({ firstMs: 10, eachMs: 3 }, '------a------', '^--------!', '------a--#'));

  it('fails when the first item does not come', () =>
    picture({ firstMs: 5 }, '---------a', '^----!', '-----#', 'nothing came within 5 ms'));

  it('waits for the first item only, where it is told no more', () =>
    picture({ firstMs: 5 }, '---a 900ms b|', '^ 904ms !', '---a 900ms b|'));

  it('waits for the first item as long as for each, where it is not told', () =>
    picture({ eachMs: 4 }, '-----a', '^---!', '----#'));

  it('takes no heartbeat for a sign of life, but lets it pass', () =>
    picture({ eachMs: 4, isAlive: (item) => item !== 'H' }, '-a-H--H-H', '^----!', '-a-H-#'));

  it('takes no heartbeat for the first sign of life', () =>
    picture({ firstMs: 4, eachMs: 2, isAlive: (item) => item !== 'H' }, 'H-H--H-H', '^---!', 'H-H-#'));

  it('fails when it does not complete in time, whatever comes', () =>
    picture({ totalMs: 5 }, 'a-a-a-a', '^----!', 'a-a-a#', 'it did not complete within 5 ms'));

  it.each([{ firstMs: 4 }, { eachMs: 4 }, { firstMs: 4, eachMs: 9 }])(
    'lets an item in the same frame win: %o',
    (options) => picture(options, '----a|', '^----!', '----a|'),
  );

  it('lets a completion in the same frame win', () => picture({ totalMs: 5 }, '----a|', '^----!', '----a|'));

  it('passes completion and errors on', () => {
    picture(all, '-a-b|', '^---!', '-a-b|');
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('-a-#').pipe(idleTimeout(all))).toBe('-a-#');
    });
  });

  it('is ready for a source that emits while it is subscribed', () =>
    marbles(({ expectObservable }) => {
      const source = concat(of('a'), NEVER);
      const error = streamError('idle-timeout', 'nothing came for 3 ms');
      expectObservable(source.pipe(idleTimeout({ firstMs: 9, eachMs: 3 }))).toBe('a--#', undefined, error);
    }));

  it('goes on with something else instead, the source let go', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-----b|');
      const other = cold('      --x-y|');
      const result = '     -a-----x-y|';
      expectObservable(source.pipe(idleTimeout({ eachMs: 4, with: () => other }))).toBe(result);
      expectSubscriptions(source.subscriptions).toBe('^----!');
      expectSubscriptions(other.subscriptions).toBe('-----^----!');
    }));

  it('lets go of what it went on with', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const other = cold('-x-x-x-x');
      expectObservable(NEVER.pipe(idleTimeout({ totalMs: 2, with: () => other })), '^----!').toBe('---x-');
      expectSubscriptions(other.subscriptions).toBe('--^--!');
    }));

  it('goes on with anything RxJS can subscribe to', () =>
    marbles(({ expectObservable }) => {
      expectObservable(NEVER.pipe(idleTimeout({ totalMs: 2, with: () => ['x', 'y'] }))).toBe('--(xy|)');
    }));

  it('reads no clock and arms no timer for an item', () => checkTimeless(idleTimeout(all)));

  it('refuses times that are none, and to have none', () => {
    expect(() => idleTimeout({})).toThrow('idleTimeout needs firstMs, eachMs or totalMs');
    expect(() => idleTimeout({ firstMs: 0 })).toThrow('firstMs must be a whole number of at least 1');
    expect(() => idleTimeout({ eachMs: Infinity })).toThrow(RangeError);
    expect(() => idleTimeout({ totalMs: '5' as unknown as number })).toThrow(TypeError);
  });
});
