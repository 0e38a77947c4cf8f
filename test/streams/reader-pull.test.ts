import { describe, expect, it } from 'vitest';
import { kinds, stage, turns } from './reader-stage.js';

describe('pullLog: a read under way', () => {
  it('does not hide what comes meanwhile', async () => {
    for (const chance of [0, 0.9]) {
      const { late, keep, pull, outcome } = stage(kinds[1], chance);
      keep();
      const first = pull().next();
      await turns();
      late!.answerOne();
      await turns();
      expect(late!.reads).toBe(1);
      keep('a');
      expect(await outcome(first)).toBe('a');
    }
  });
});

describe.each(kinds)('pullLog over a %s', (kind) => {
  it('yields what is kept, waits for what comes, and ends', async () => {
    const { keep, end, pull, outcome } = stage(kind);
    keep('a', 'b');
    const chunks = pull();
    expect(await outcome(chunks.next())).toBe('a');
    expect(await outcome(chunks.next())).toBe('b');
    const third = chunks.next();
    expect(await outcome(third)).toBe('nothing yet');
    keep('c');
    expect(await outcome(third)).toBe('c');
    end();
    expect(await outcome(chunks.next())).toBe('done');
    expect(await outcome(chunks.next())).toBe('done');
  });

  it('fails when its stream was removed and another has its name', async () => {
    const { keep, pull, outcome, late, log } = stage(kind);
    keep('a', 'b');
    const chunks = pull();
    expect(await outcome(chunks.next())).toBe('a');
    expect(await outcome(chunks.next())).toBe('b');
    const third = chunks.next();
    expect(await outcome(third)).toBe('nothing yet');
    void (late?.inner ?? log).delete('s');
    keep('c');
    expect(await outcome(third)).toBe('failed stream-not-found');
  });

  it('reads nothing before it is asked, and no more than a batch ahead', async () => {
    const { keep, pull, outcome, settle, late, log } = stage(kind);
    keep('a', 'b', 'c', 'd', 'e');
    let reads = 0;
    const { read } = log;
    log.read = (...args) => {
      reads++;
      return read.apply(log, args);
    };
    const chunks = pull({ batch: 2 });
    await settle();
    expect(reads).toBe(0);
    for (const data of ['a', 'b']) expect(await outcome(chunks.next())).toBe(data);
    expect(reads).toBe(1);
    for (const data of ['c', 'd', 'e']) expect(await outcome(chunks.next())).toBe(data);
    expect(reads).toBe(3);
    expect(late?.watchers ?? 1).toBe(1);
  });

  it.each([
    ['failed', 'failed stream-failed'],
    ['cancelled', 'failed stream-cancelled'],
  ] as const)('ends as the stream does: %s', async (status, expected) => {
    const { keep, end, pull, outcome, late } = stage(kind);
    keep('a');
    end(status);
    const chunks = pull();
    expect(await outcome(chunks.next())).toBe('a');
    expect(await outcome(chunks.next())).toBe(expected);
    expect(late?.watchers ?? 0).toBe(0);
  });

  it('fails with chunks that are no longer kept, or goes on behind them', async () => {
    const { kept, keep, pull, outcome } = stage(kind);
    keep('a', 'b', 'c');
    kept.trim('s', 2);
    expect(await outcome(pull({ from: 0 }).next())).toBe('failed gap');
    expect(await outcome(pull({ from: 0, onGap: 'skip' }).next())).toBe('c');
    expect(await outcome(pull().next())).toBe('c');
  });

  it('fails for a stream that is not there', async () => {
    const { pull, outcome } = stage(kind);
    expect(await outcome(pull().next())).toBe('failed stream-not-found');
  });

  it('is left at once, also while a chunk is waited for, and watches no longer', async () => {
    const { keep, pull, outcome, settle, late } = stage(kind);
    keep('a');
    const chunks = pull();
    expect(await outcome(chunks.next())).toBe('a');
    const pending = chunks.next();
    await settle();
    const left = chunks.return!();
    expect(await outcome(pending)).toBe('done');
    expect(await outcome(left)).toBe('done');
    expect(late?.watchers ?? 0).toBe(0);
    keep('b');
    expect(await outcome(chunks.next())).toBe('done');
  });

  it('is left by a disposal, and before it has begun', async () => {
    const { keep, pull, outcome, settle, late } = stage(kind);
    keep('a');
    const chunks = pull();
    void chunks[Symbol.asyncDispose]();
    await settle();
    expect(await outcome(chunks.next())).toBe('done');
    expect(late?.watchers ?? 0).toBe(0);
  });

  it('is left by a break', async () => {
    const { keep, pull, settle, late } = stage(kind);
    keep('a', 'b');
    const got: unknown[] = [];
    const reading = (async () => {
      for await (const { data } of pull()) {
        got.push(data);
        break;
      }
      got.push('left');
    })();
    await settle();
    await reading;
    expect(got).toEqual(['a', 'left']);
    expect(late?.watchers ?? 0).toBe(0);
  });
});
