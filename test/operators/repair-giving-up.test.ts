import { EMPTY, from, mergeMap, NEVER, pipe, Subject, take, throwError, timer } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { repair } from '../../operators/index.js';
import type { Notice, Range } from '../../src/chunk/index.js';
import { end, expectPicture, gap, item, type Item, listen, streamError } from './alphabet.js';
import { after, expectRepaired, noAnswer, numbers, type Options } from './repaired.js';

describe('repair where no answer comes', () => {
  it('asks again, and gives up with a gap', () => {
    const { asked, heard } = expectRepaired(
      {
        source: '      -a-c--------------------d|',
        subscription: '^------------------------!',
        result: '      -a-c--------------G-----d|',
        values: { G: gap(1, 2) },
      },
      { retryMs: 5, maxRetryMs: 5, retries: 3, request: noAnswer },
    );
    expect(asked).toEqual([
      [3, '1-2', 1],
      [8, '1-2', 2],
      [13, '1-2', 3],
    ]);
    expect(heard.at(-1)).toEqual({ type: 'gap', from: 1, to: 2, reason: 'timeout' });
  });

  it('waits twice as long each time, up to a bound', () => {
    const { asked } = expectRepaired(
      {
        source: '      -a-c 40ms d|',
        subscription: '^--- 40ms -!',
        result: '      -a-c 33ms G 6ms d|',
        values: { G: gap(1, 2) },
      },
      { retryMs: 2, maxRetryMs: 10, retries: 5, request: noAnswer },
    );
    expect(asked.map(([frame]) => frame)).toEqual([3, 5, 9, 17, 27]);
  });

  it('spreads requests by chance, over the second half of each wait', () => {
    const { asked } = expectRepaired(
      {
        source: '      -a-c 40ms d|',
        subscription: '^--- 40ms -!',
        result: '      -a-c 11ms G 28ms d|',
        values: { G: gap(1, 2) },
      },
      { retryMs: 8, retries: 2, random: () => 0, request: noAnswer },
    );
    expect(asked.map(([frame]) => frame)).toEqual([3, 7]);
  });

  it('asks for exactly what is still missing, and says how often at most', () => {
    const { asked } = expectRepaired(
      {
        source: '      -e-c-g--------|',
        subscription: '^-------------!',
        result: '      -e-c-g--(abdf)|',
      },
      { delayMs: 1, retryMs: 4, request: (ranges, { attempt }) => (attempt < 2 ? EMPTY : after(2)(ranges)) },
    );
    expect(asked).toEqual([
      [2, '0-4', 1],
      [6, '0-2 3-4 5-6', 2],
    ]);
  });

  it('asks ten times where nothing else is said', () => {
    const { asked } = expectRepaired(
      {
        source: '      b|',
        subscription: '^!',
        result: '      b 26299ms (G|)',
        values: { G: gap(0, 1) },
      },
      { request: noAnswer },
    );
    expect(asked.map(([, , attempt]) => attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('fails with what led to it, when told to', () => {
    const refused = new Error('refused');
    const seen: unknown[] = [];
    const { probe, heard } = listen('repair');
    const request = () => throwError(() => refused);
    vi.useFakeTimers();
    try {
      from([1].map(item))
        .pipe(repair({ retries: 1, onGiveUp: 'fail', request, probe }))
        .subscribe({ error: (error) => seen.push(error) });
      vi.runAllTimers();
    } finally {
      vi.useRealTimers();
    }
    expect(seen).toEqual([streamError('gap', 'repair: chunk 0 of "s" did not come after 1 requests')]);
    expect((seen[0] as Error).cause).toBe(refused);
    expect(heard.slice(2)).toEqual([{ type: 'unanswered', error: refused }]);
  });

  it('has nothing to say of answers that failed before all was repaired', () => {
    const seen: Error[] = [];
    let asked = 0;
    const request = (ranges: readonly Range[]) => {
      asked++;
      return asked === 1 ? throwError(() => new Error('refused')) : asked === 2 ? numbers(ranges).map(item) : NEVER;
    };
    vi.useFakeTimers();
    try {
      const source = new Subject<Item>();
      source.pipe(repair({ retries: 2, onGiveUp: 'fail', request })).subscribe({ error: (error) => seen.push(error) });
      source.next(item(1));
      vi.runAllTimers();
      source.next(item(3));
      vi.runAllTimers();
    } finally {
      vi.useRealTimers();
    }
    expect(seen).toEqual([streamError('gap', 'chunk 2')]);
    expect(seen[0]!.cause).toBeUndefined();
  });

  it('drops what comes too late', () => {
    const { heard } = expectRepaired(
      {
        source: '      b--------a-|',
        subscription: '^----------!',
        result: '      b----G-----|',
        values: { G: gap(0, 1) },
      },
      { retryMs: 5, retries: 1, request: noAnswer },
    );
    expect(heard.at(-1)).toEqual({ type: 'late', seq: 0 });
  });

  it('stops giving up when its consumer has enough', () =>
    expectPicture(
      pipe(repair<Item | Notice>({ retryMs: 6, retries: 1, random: () => 1, request: noAnswer }), take(4)),
      {
        source: '      (fbd)----------|',
        subscription: '^-----!',
        result: '      (fbd)-(G|)',
        values: { G: gap(0, 1) },
      },
    ));
});

describe('repair when the source completes', () => {
  it('waits for what is missing', () =>
    void expectRepaired(
      {
        source: '      -a-c|',
        subscription: '^---!',
        result: '      -a-c--(b|)',
      },
      { delayMs: 2, request: after(1) },
    ));

  it('waits until it is given up', () =>
    void expectRepaired(
      {
        source: '      -a-c|',
        subscription: '^---!',
        result: '      -a-c----(G|)',
        values: { G: gap(1, 2) },
      },
      { retryMs: 5, retries: 1, request: noAnswer },
    ));

  it('does not wait for what could only come from there', () => {
    const asked = { source: '-a-c--|', subscription: '^-----!', values: { G: gap(1, 2) } };
    expectRepaired({ ...asked, result: '-a-c--(G|)' }, { request: () => {} });
    const error = streamError('gap', 'chunk 1 of "s" did not come before the source completed');
    expectRepaired({ ...asked, result: '-a-c--#', error }, { request: () => {}, onGiveUp: 'fail' });
  });

  it('asks all the same where it has not yet', () => {
    const { asked } = expectRepaired(
      {
        source: '      -a-c|',
        subscription: '^---!',
        result: '      -a-c-(G|)',
        values: { G: gap(1, 2) },
      },
      { delayMs: 2, request: () => {} },
    );
    expect(asked).toEqual([[5, '1-2', 1]]);
  });

  it('completes, too, when an answer has shown too much to be missing', () =>
    void expectRepaired(
      {
        source: '      -c|',
        subscription: '^-!',
        result: '      -c---(GHj|)',
        values: { G: gap(0, 2, 'dropped'), H: gap(3, 9, 'dropped') },
      },
      { maxMissing: 4, request: () => timer(4).pipe(mergeMap(() => [item(9)])) },
    ));
});

describe('repair with more missing at once than allowed', () => {
  it('gives up all of it, says so, and goes on with what is new', () => {
    const resynced: Range[] = [];
    const { asked, heard } = expectRepaired(
      {
        source: '      -a-c-i----j|',
        subscription: '^----------!',
        result: '      -a-c-(GHi)j|',
        values: { G: gap(1, 2, 'dropped'), H: gap(3, 8, 'dropped') },
      },
      { maxMissing: 5, request: noAnswer, onResync: (range) => resynced.push(range) },
    );
    expect(asked).toHaveLength(1);
    expect(resynced.slice(1)).toEqual([{ from: 1, to: 8 }]);
    expect(heard.slice(-2)).toEqual([
      { type: 'gap', from: 1, to: 2, reason: 'dropped' },
      { type: 'gap', from: 3, to: 8, reason: 'dropped' },
    ]);
  });

  it('does so on the word of a notice, too', () =>
    void expectRepaired(
      {
        source: '      a-E---------|',
        subscription: '^-----------!',
        result: '      a-(GE)------|',
        values: { G: gap(1, 9, 'dropped'), E: end(9) },
      },
      { maxMissing: 5, request: noAnswer },
    ));

  it('fails when told to', () =>
    void expectRepaired(
      {
        source: '      -a-c-i-|',
        subscription: '^----!',
        result: '      -a-c-#',
        error: streamError('gap', 'chunks 3 to 7 of "s" would be missing too, and at most 5 may be at once'),
      },
      { maxMissing: 5, request: noAnswer, onGiveUp: 'fail' },
    ));

  it('fails on the word of a notice, too', () =>
    void expectRepaired(
      {
        source: '      a-E-|',
        subscription: '^-!',
        result: '      a-#',
        values: { E: end(9) },
        error: streamError('gap', 'chunks 1 to 8 of "s"'),
      },
      { maxMissing: 5, request: noAnswer, onGiveUp: 'fail' },
    ));

  it('stops when its consumer has had enough of gaps', () => {
    const resynced: Range[] = [];
    const options: Options = { maxMissing: 5, request: noAnswer, onResync: (range) => resynced.push(range) };
    expectPicture(pipe(repair<Item | Notice>(options), take(3)), {
      source: '      -a-c-i-|',
      subscription: '^----!',
      result: '      -a-c-(G|)',
      values: { G: gap(1, 2, 'dropped') },
    });
    expect(resynced).toEqual([]);
  });

  it('counts only what is still missing', () =>
    void expectRepaired(
      {
        source: '      -c-b-d-a-g-ef|',
        subscription: '^------------!',
        result: '      -c-b-d-a-g-ef|',
      },
      { delayMs: 9, maxMissing: 2, request: noAnswer },
    ));
});
