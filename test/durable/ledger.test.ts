import { describe, expect, it } from 'vitest';
import { Ledger, type LedgerBook } from '../../src/durable/ledger.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { LateLog } from '../gateway/late-log.js';

const book: LedgerBook<{ sum: number }, number> = {
  start: () => ({ sum: 0 }),
  apply: (state, entry) => void (state.sum += entry),
  sum: ({ sum }) => [sum],
};
const enter = (ledger: Ledger<{ sum: number }, number>, ...entries: number[]) =>
  ledger.enter(({ sum }) => ({ entries, result: sum }));

describe('Ledger', () => {
  it('is empty without a stream, and makes none to say so', async () => {
    const log = createMemoryLog();
    const ledger = new Ledger(log, 'books', book, () => 5);
    expect(await ledger.read()).toEqual({ sum: 0 });
    expect(await enter(ledger)).toBe(0);
    expect(log.info('books')).toBeUndefined();
  });

  it('shows each decision what was entered before, by whomever', async () => {
    const log = createMemoryLog();
    const [one, other] = [0, 1].map(() => new Ledger(log, 'books', book, () => 5)) as [
      Ledger<{ sum: number }, number>,
      Ledger<{ sum: number }, number>,
    ];
    expect(await enter(one, 1, 2)).toBe(0);
    expect(await enter(other, 3)).toBe(3);
    expect(await enter(one, 4)).toBe(6);
    expect(await other.read()).toEqual({ sum: 10 });
  });

  it('decides anew when somebody else was quicker, so that nothing is entered on what is not so', async () => {
    const log = new LateLog(Math.random);
    const ledgers = Array.from({ length: 4 }, () => new Ledger(log, 'books', book, () => 5));
    const shown = Promise.all(ledgers.flatMap((ledger) => [1, 1, 1].map((entry) => enter(ledger, entry))));
    let settled = false;
    void shown.then(() => (settled = true));
    while (!settled) {
      for (let hop = 0; hop < 8; hop++) await undefined;
      log.answerOne();
    }
    expect((await shown).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, n) => n));
  });

  it('goes on behind a decision that fails', async () => {
    const ledger = new Ledger(createMemoryLog(), 'books', book, () => 5);
    const failing = ledger.enter(() => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await enter(ledger, 1)).toBe(0);
  });

  it('draws up the sum now and then, and forgets what it replaces', async () => {
    const log = createMemoryLog();
    const ledger = new Ledger(log, 'books', book, () => 5);
    for (let n = 0; n < 1100; n++) await enter(ledger, 1);
    expect(log.info('books')!.first).toBe(1024);
    expect(await new Ledger(log, 'books', book, () => 5).read()).toEqual({ sum: 1100 });
    expect(await enter(ledger, 1)).toBe(1100);
  });

  it('begins anew when its stream was removed, also when there is another', async () => {
    const log = createMemoryLog();
    const ledger = new Ledger(log, 'books', book, () => 5);
    await enter(ledger, 1, 1, 1);
    log.delete('books');
    expect(await ledger.read()).toEqual({ sum: 0 });
    await enter(ledger, 1, 1, 1);
    log.delete('books');
    await enter(new Ledger(log, 'books', book, () => 5), 7);
    expect(await ledger.read()).toEqual({ sum: 7 });
  });

  it('passes over what it does not know, and fails as the log does', async () => {
    const log = createMemoryLog();
    const ledger = new Ledger(log, 'books', book, () => 5);
    await enter(ledger, 1);
    log.append('books', [{ head: '{"type":"text","data":"x"}', bytes: undefined, size: 1, length: 26 }]);
    expect(await ledger.read()).toEqual({ sum: 1 });
    const late = new LateLog();
    late.failure = new Error('away');
    const failing = new Ledger(late, 'books', book, () => 5).read();
    await undefined;
    await undefined;
    late.answerOne();
    await expect(failing).rejects.toThrow('away');
  });

  it('gives up where others are always quicker, and fails as an append does', async () => {
    const log = createMemoryLog();
    const ledger = new Ledger(log, 'books', book, () => 5);
    const other = new Ledger(log, 'books', book, () => 5);
    const losing = ledger.enter(async ({ sum }) => {
      await enter(other, 1);
      return { entries: [1], result: sum };
    });
    await expect(losing).rejects.toMatchObject({ code: 'overflow' });
    log.append('books', [], { close: { status: 'completed' } });
    await expect(enter(ledger, 1)).rejects.toMatchObject({ code: 'stream-closed' });
    expect(await enter(ledger)).toBe(100);
  });

  it('goes on without a sum that could not be written', async () => {
    const log = createMemoryLog();
    const ledger = new Ledger(log, 'books', book, () => 5);
    log.trim = () => {
      throw new Error('not now');
    };
    for (let n = 0; n < 1030; n++) await enter(ledger, 1);
    expect(await ledger.read()).toEqual({ sum: 1030 });
    expect(await new Ledger(log, 'books', book, () => 5).read()).toEqual({ sum: 1030 });
  });
});
