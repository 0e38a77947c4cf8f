import fc from 'fast-check';
import { concat, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { resume, type ResumeContext } from '../../operators/index.js';
import { marbles } from '../../src/testing/index.js';
import { end, listen } from './alphabet.js';
import { failed, outcome, picture } from './resume-stage.js';

describe('resume drops what comes again', () => {
  it('up to the last position, where positions are numbers', () => {
    const { probe, heard } = listen('resume');
    picture(
      { probe },
      {
        sources: ['-a-b#', '(ab)-c|'],
        subscriptions: ['^---!', '-------^-----!'],
        result: '-a-b--------c|',
      },
    );
    expect(heard).toEqual([
      { type: 'retry', attempt: 1, delayMs: 3 },
      { type: 'duplicate', seq: 0 },
      { type: 'duplicate', seq: 1 },
    ]);
  });

  it('and nothing behind the first that is new', () => {
    const numbers = (...all: number[]) =>
      concat(
        of(...all),
        throwError(() => failed),
      );
    const same = { cursor: (n: number) => n, maxRetries: 1 };
    expect(outcome([numbers(1, 1, 2), numbers(1, 2, 3, 3, 1)], { ...same, resetAfterMs: 9 })).toEqual([
      1,
      1,
      2,
      3,
      3,
      1,
      failed,
    ]);
  });

  it('compares big numbers, too, and of other positions only the last', () => {
    const { probe, heard } = listen('resume');
    const options = { maxRetries: 1, resetAfterMs: 9, probe };
    const failing = <T>(...all: T[]) =>
      concat(
        of(...all),
        throwError(() => failed),
      );
    expect(outcome([failing(1n, 2n), failing(1n, 2n, 3n)], { ...options, cursor: (n) => n })).toEqual([
      1n,
      2n,
      3n,
      failed,
    ]);
    expect(outcome([failing('x', 'b'), failing('b', 'x', 'b')], { ...options, cursor: (id) => id })).toEqual([
      'x',
      'b',
      'x',
      'b',
      failed,
    ]);
    expect(outcome([failing<unknown>(5), failing<unknown>('5')], { ...options, cursor: (id) => id })).toEqual([
      5,
      '5',
      failed,
    ]);
    expect(heard.filter((event) => (event as { type: string }).type === 'duplicate')).toEqual([
      { type: 'duplicate', seq: undefined },
      { type: 'duplicate', seq: undefined },
      { type: 'duplicate', seq: undefined },
    ]);
  });

  it('but not what has no position', () => {
    const E = end(9);
    picture(
      {},
      {
        sources: ['-aE#', 'Ea-b|'],
        subscriptions: ['^--!', '------^---!'],
        result: '-aE---E--b|',
        values: { E },
      },
    );
  });

  it('and takes that for no sign that the source holds', () => {
    const told = picture(
      { maxRetries: 1 },
      {
        sources: ['-a#', '-a#', '-b|'],
        subscriptions: ['^-!', '-----^-!'],
        result: '-a-----#',
      },
    );
    expect(told).toHaveLength(2);
  });

  it('gives everything once and in order, wherever the source is lost and however much it repeats', () => {
    const loss = fc.record({ after: fc.nat({ max: 5 }), overlap: fc.nat({ max: 4 }) });
    fc.assert(
      fc.property(fc.array(loss, { maxLength: 8 }), fc.nat({ max: 30 }), (losses, total) =>
        marbles(({ flush }) => {
          let opened = 0;
          const connect = ({ cursor = -1 }: ResumeContext<number>) => {
            const lost = losses[opened++];
            const first = Math.max(0, cursor + 1 - (lost?.overlap ?? 0));
            const rest = Array.from({ length: Math.max(0, total - first) }, (_, n) => first + n);
            if (lost === undefined) return of(...rest);
            return concat(
              of(...rest.slice(0, lost.after)),
              throwError(() => failed),
            );
          };
          const seen: unknown[] = [];
          resume(connect, { cursor: (n) => n, random: () => 0.5 }).subscribe({
            next: (n) => seen.push(n),
            complete: () => seen.push('complete'),
          });
          flush();
          expect(seen).toEqual([...Array.from({ length: total }, (_, n) => n), 'complete']);
        }),
      ),
    );
  });
});
