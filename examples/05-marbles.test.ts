// A marble test of your own pipeline. Run it with vitest.
import { reorder } from 'sluice/operators';
import { marbles } from 'sluice/testing';
import { it } from 'vitest';

it('puts b and a in order', () =>
  marbles(({ hot, expectObservable }) => {
    const [a, b] = [{ seq: 0 }, { seq: 1 }];
    expectObservable(hot('-b-a---|', { a, b }).pipe(reorder())).toBe('---(ab)|', { a, b });
  }));
