import fc from 'fast-check';
import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../operators/token-bucket.js';

/** A bucket and a clock to be set by hand. */
function createBucket(perSecond: number, burst: number) {
  const clock = new VirtualTimeScheduler();
  clock.now = () => clock.frame;
  return { bucket: new TokenBucket(perSecond, burst, clock), clock };
}

describe('a bucket of tokens', () => {
  it('begins full, and is empty when all is spent', () => {
    const { bucket } = createBucket(10, 3);
    expect([1, 1, 1, 1].map((cost) => bucket.spend(cost))).toEqual([true, true, true, false]);
  });

  it('fills at its rate, up to the brim', () => {
    const { bucket, clock } = createBucket(10, 3);
    bucket.spend(3);
    clock.frame = 199;
    expect(bucket.spend(2)).toBe(false);
    clock.frame = 200;
    expect(bucket.spend(2)).toBe(true);
    clock.frame = 9999;
    expect([2, 1, 1].map((cost) => bucket.spend(cost))).toEqual([true, true, false]);
  });

  it('tells how long it takes until there are enough', () => {
    const { bucket, clock } = createBucket(3, 2);
    expect(bucket.waitMs(2)).toBe(1);
    bucket.spend(2);
    expect(bucket.waitMs(1)).toBe(334);
    clock.frame = 333;
    expect([bucket.spend(1), bucket.waitMs(1)]).toEqual([false, 1]);
    clock.frame = 334;
    expect(bucket.spend(1)).toBe(true);
  });

  it('lets what costs more than it holds go once it is full, and has debts then', () => {
    const { bucket, clock } = createBucket(1000, 2);
    bucket.spend(1);
    expect([bucket.spend(5), bucket.waitMs(5)]).toEqual([false, 1]);
    clock.frame = 1;
    expect([bucket.spend(5), bucket.waitMs(1)]).toEqual([true, 4]);
    clock.frame = 5;
    expect(bucket.spend(1)).toBe(true);
  });

  it('waits no longer than a timer can', () => {
    const { bucket } = createBucket(0.001, 1);
    bucket.spend(10_000_000);
    expect(bucket.waitMs(1)).toBe(2 ** 31 - 1);
  });

  it('is not filled by a clock that is set back', () => {
    const { bucket, clock } = createBucket(1000, 2);
    clock.frame = 5000;
    bucket.spend(2);
    clock.frame = 1000;
    expect(bucket.spend(1)).toBe(false);
    clock.frame = 1001;
    expect(bucket.spend(1)).toBe(true);
  });

  it('has enough when the wait is over, not before', () => {
    const rate = fc.integer({ min: 1, max: 5000 });
    fc.assert(
      fc.property(rate, fc.integer({ min: 1, max: 50 }), fc.array(fc.nat({ max: 80 })), (perSecond, burst, costs) => {
        const { bucket, clock } = createBucket(perSecond, burst);
        for (const cost of costs) {
          while (!bucket.spend(cost)) {
            const ms = bucket.waitMs(cost);
            clock.frame += ms - 1;
            if (ms > 1) expect(bucket.spend(cost)).toBe(false);
            clock.frame += 1;
          }
        }
      }),
    );
  });
});
