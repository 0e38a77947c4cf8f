import { describe, expect, it } from 'vitest';
import { type HeldLease, LeaseBook } from '../../src/streams/lease-book.js';

function lease(stream: string, producer: string, at: number, dueAt: number): HeldLease {
  return { stream, producer, epoch: 0, leaseMs: 1, state: 'held', at, dueAt, place: 0 };
}

describe('LeaseBook', () => {
  it('knows who holds what, which is over first, and which spoke longest ago', () => {
    const book = new LeaseBook(3);
    const [a, b, c] = [lease('s', 'a', 0, 30), lease('s', 'b', 1, 10), lease('t', 'a', 2, 20)];
    expect([a, b, c].map((one) => book.set(one))).toEqual([true, true, true]);
    expect([book.size, book.get(a), book.first, book.oldest]).toEqual([3, a, b, a]);
    const renewed = lease('s', 'a', 3, 40);
    book.set(renewed);
    expect([book.size, book.get(a), book.oldest]).toEqual([3, renewed, b]);
    book.postpone(b, 50);
    expect(book.first).toBe(c);
    book.delete(b);
    book.delete(b);
    expect([book.size, book.oldest, book.holds('s'), book.holds('t')]).toEqual([2, c, true, true]);
    book.delete(a);
    expect(book.holds('s')).toBe(false);
  });

  it('takes no more than it may, and renews what it has', () => {
    const book = new LeaseBook(1);
    const only = lease('s', 'a', 0, 30);
    expect([book.set(only), book.set(lease('s', 'b', 1, 10)), book.set(lease('s', 'a', 2, 50))]).toEqual([
      true,
      false,
      true,
    ]);
    expect([book.size, book.first?.dueAt]).toEqual([1, 50]);
    book.clear();
    expect([book.size, book.first, book.holds('s')]).toEqual([0, undefined, false]);
  });
});
