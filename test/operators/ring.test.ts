import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ring } from '../../operators/ring.js';

function contents<T>(ring: Ring<T>): (T | undefined)[] {
  return Array.from({ length: ring.length }, (_, i) => ring.at(i));
}

describe('ring', () => {
  it('gives values back in the order they came', () => {
    const ring = new Ring<string>(3);
    for (const value of ['a', 'b', 'c']) ring.push(value);
    expect(contents(ring)).toEqual(['a', 'b', 'c']);
    expect([ring.shift(), ring.shift(), ring.shift(), ring.shift()]).toEqual(['a', 'b', 'c', undefined]);
  });

  it('gives the newest back first when asked to', () => {
    const ring = new Ring<string>(3);
    for (const value of ['a', 'b', 'c']) ring.push(value);
    expect([ring.pop(), ring.pop(), ring.pop(), ring.pop()]).toEqual(['c', 'b', 'a', undefined]);
  });

  it('refuses more than its capacity', () => {
    const ring = new Ring<number>(1);
    expect(ring.full).toBe(false);
    ring.push(1);
    expect(ring.full).toBe(true);
    expect(() => ring.push(2)).toThrow(new RangeError('the ring is full: it holds 1'));
    expect(contents(ring)).toEqual([1]);
  });

  it('knows nothing beyond its ends', () => {
    const ring = new Ring<number>(Infinity);
    ring.push(1);
    expect([ring.at(-1), ring.at(1)]).toEqual([undefined, undefined]);
  });

  it('knows nothing beyond its ends when every slot is taken', () => {
    const ring = new Ring<number>(8);
    for (let n = 0; n < 8; n++) ring.push(n);
    expect([ring.at(-1), ring.at(8)]).toEqual([undefined, undefined]);
  });

  it('keeps the order while it grows, wherever its oldest value lies', () => {
    const ring = new Ring<number>(Infinity);
    for (let n = 0; n < 8; n++) ring.push(n);
    for (let n = 0; n < 5; n++) ring.shift();
    for (let n = 8; n < 40; n++) ring.push(n);
    expect(contents(ring)).toEqual(Array.from({ length: 35 }, (_, i) => i + 5));
  });

  it('is empty after clear, and usable', () => {
    const ring = new Ring<number>(20);
    for (let n = 0; n < 20; n++) ring.push(n);
    ring.clear();
    expect(ring.length).toBe(0);
    ring.push(7);
    expect(contents(ring)).toEqual([7]);
  });

  it('does what an array does, whatever is asked in whatever order', () => {
    const steps = fc.array(
      fc.oneof(fc.nat({ max: 9 }), fc.constantFrom('shift' as const, 'pop' as const, 'clear' as const)),
      { maxLength: 100 },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 40 }), (asked, capacity) => {
        const ring = new Ring<number>(capacity);
        const array: number[] = [];
        for (const step of asked) {
          if (step === 'shift') expect(ring.shift()).toBe(array.shift());
          else if (step === 'pop') expect(ring.pop()).toBe(array.pop());
          else if (step === 'clear') {
            ring.clear();
            array.length = 0;
          } else if (array.length < capacity) {
            ring.push(step);
            array.push(step);
          }
          expect(contents(ring)).toEqual(array);
          expect(ring.full).toBe(array.length === capacity);
        }
      }),
    );
  });
});
