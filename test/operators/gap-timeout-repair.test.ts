import { asyncScheduler, endWith, ignoreElements, merge, type OperatorFunction, share, Subject, takeUntil } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { gapTimeout, type GapTimeoutOptions, reorder } from '../../operators/index.js';
import type { Gap, Range } from '../../src/chunk/index.js';
import { marbles } from '../../src/testing/index.js';
import { alphabet, gap, type Item, item, streamError } from './alphabet.js';

type Asked = [frame: number, ranges: readonly Range[], attempt: number];

/** Runs a marble picture whose requests are answered `replyMs` later with all they ask for, if at all. */
function expectRepaired(
  { source, subscription, result, error }: Record<'source' | 'subscription' | 'result', string> & { error?: unknown },
  { replyMs, ...options }: Partial<GapTimeoutOptions<Item>> & { timeoutMs: number; replyMs?: number },
  behind: OperatorFunction<Item | Gap, unknown> = (same) => same,
): Asked[] {
  const asked: Asked[] = [];
  marbles(({ hot, expectObservable, expectSubscriptions }) => {
    const values = { ...alphabet, G: gap(1, 2) as unknown as Item };
    const input = hot(source, values);
    const replies = new Subject<Item>();
    const request = (ranges: readonly Range[], attempt: number): void => {
      asked.push([asyncScheduler.now(), ranges, attempt]);
      const numbers = ranges.flatMap(({ from: first, to }) => Array.from({ length: to - first }, (_, n) => first + n));
      const reply = () => numbers.forEach((seq) => replies.next(item(seq)));
      if (replyMs === 0) reply();
      else if (replyMs !== undefined) asyncScheduler.schedule(reply, replyMs);
    };
    const shared = input.pipe(share());
    const both = merge(shared, replies.pipe(takeUntil(shared.pipe(ignoreElements(), endWith(true)))));
    const repair = gapTimeout<Item>({ action: 'repair', request, ...options });
    expectObservable(both.pipe(repair, behind)).toBe(result, values, error);
    expectSubscriptions(input.subscriptions).toBe(subscription);
  });
  return asked;
}

describe('gapTimeout with repair', () => {
  it('asks for what is missing when its time is up', () => {
    const asked = expectRepaired(
      {
        source: '      -a-c-----d|',
        subscription: '^---------!',
        result: '      -a-c--b--d|',
      },
      { timeoutMs: 2, replyMs: 1 },
    );
    expect(asked).toEqual([[5, [{ from: 1, to: 2 }], 1]]);
  });

  it('does not ask for what comes in time', () => {
    const asked = expectRepaired(
      {
        source: '      -a-cb----d|',
        subscription: '^---------!',
        result: '      -a-cb----d|',
      },
      { timeoutMs: 2, replyMs: 1 },
    );
    expect(asked).toEqual([]);
  });

  it('asks for a range at once', () => {
    const asked = expectRepaired(
      {
        source: '      -a--e-------|',
        subscription: '^-----------!',
        result: '      -a--e--(bcd)|',
      },
      { timeoutMs: 2, replyMs: 1 },
    );
    expect(asked).toEqual([[6, [{ from: 1, to: 4 }], 1]]);
  });

  it('asks for exactly what is still missing, all that is due in one call', () => {
    const asked = expectRepaired(
      {
        source: '      -f-b--------|',
        subscription: '^-----------!',
        result: '      -f-b-(acde)-|',
      },
      { timeoutMs: 3, replyMs: 1 },
    );
    expect(asked).toEqual([
      [
        4,
        [
          { from: 0, to: 1 },
          { from: 2, to: 5 },
        ],
        1,
      ],
    ]);
  });

  it('takes an answer that comes within the call', () => {
    const asked = expectRepaired(
      {
        source: '      -a-c-----d|',
        subscription: '^---------!',
        result: '      -a-c-b---d|',
      },
      { timeoutMs: 2, replyMs: 0 },
    );
    expect(asked).toHaveLength(1);
  });

  it('lets the late original pass as well: dropping it is for others', () =>
    void expectRepaired(
      {
        source: '      -a-c---b-d|',
        subscription: '^---------!',
        result: '      -a-c--bb-d|',
      },
      { timeoutMs: 2, replyMs: 1 },
    ));

  it('asks again, and fails when the last request has brought nothing', () => {
    const asked = expectRepaired(
      {
        source: '      -a-c---------------------d|',
        subscription: '^----------------------!',
        result: '      -a-c-------------------#',
        error: streamError('gap', 'chunk 1 of "s" did not come after 3 requests, 5 ms apart'),
      },
      { timeoutMs: 5, retries: 3 },
    );
    expect(asked.map(([frame, , attempt]) => [frame, attempt])).toEqual([
      [8, 1],
      [13, 2],
      [18, 3],
    ]);
  });

  it('asks ten times where nothing else is said', () => {
    const asked = expectRepaired(
      {
        source: '      -b 30ms |',
        subscription: '^- 21ms !',
        result: '      -b 21ms #',
        error: streamError('gap', 'after 10 requests, 2 ms apart'),
      },
      { timeoutMs: 2 },
    );
    expect(asked).toHaveLength(10);
  });

  it('gives up and goes on when asked to skip then', () =>
    void expectRepaired(
      {
        source: '      -a-c---------------------d|',
        subscription: '^-------------------------!',
        result: '      -a-c-------------------G-d|',
      },
      { timeoutMs: 5, retries: 3, afterRepair: 'skip' },
    ));

  it('does not wait for repairs when the source has completed', () => {
    const shown = { source: '-a-c|', subscription: '^---!' };
    expectRepaired({ ...shown, result: '-a-c(G|)' }, { timeoutMs: 5, replyMs: 1, afterRepair: 'skip' });
    const error = streamError('gap', 'did not come before the stream ended');
    expectRepaired({ ...shown, result: '-a-c#', error }, { timeoutMs: 5, replyMs: 1 });
  });

  it('says of several ranges how often the oldest was asked for', () => {
    const asked = expectRepaired(
      {
        source: '      b---d-------|',
        subscription: '^-----------!',
        result: '      b---d-------#',
        error: streamError('gap', 'did not come before the stream ended'),
      },
      { timeoutMs: 4 },
    );
    expect(asked).toEqual([
      [4, [{ from: 0, to: 1 }], 1],
      [
        8,
        [
          { from: 0, to: 1 },
          { from: 2, to: 3 },
        ],
        2,
      ],
    ]);
  });

  it('puts a repaired stream in order with reorder behind it', () =>
    void expectRepaired(
      {
        source: '      -a-c------d|',
        subscription: '^----------!',
        result: '      -a----(bc)d|',
      },
      { timeoutMs: 2, replyMs: 1 },
      reorder(),
    ));
});
