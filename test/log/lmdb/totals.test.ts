import type { Database } from 'lmdb';
import { describe, expect, it } from 'vitest';
import { kinds, stateKey } from '../../../src/log/lmdb/records.js';
import { Totals } from '../../../src/log/lmdb/totals.js';
import { encoded, refused } from '../../../src/testing/log-stage.js';

const chunk = encoded('x'.repeat(100));
const { length } = chunk;

/** Totals of a log that keeps so many of the chunk, and what is written of them. */
function setUp(maxChunks = 3) {
  const totals = new Totals(maxChunks * length);
  const written: unknown[] = [];
  const states = {
    put: (key: Buffer, value: unknown) => {
      expect(key).toEqual(stateKey(0, kinds.totals));
      written.push(value);
    },
  } as unknown as Database<unknown, Buffer>;
  const commit = (): void => {
    totals.save(states);
    totals.commit();
  };
  return { totals, states, written, commit };
}

/** How many of the chunk there is room for. */
function room(totals: Totals): number {
  const fits = (count: number): boolean => {
    try {
      return totals.checkRoom('s', Array<typeof chunk>(count).fill(chunk)) >= 0;
    } catch {
      return false;
    }
  };
  return [3, 2, 1].find(fits) ?? 0;
}

describe('Totals', () => {
  it('says how much chunks take, and refuses those for which there is no room', async () => {
    const { totals } = setUp();
    expect(totals.checkRoom('s', [])).toBe(0);
    expect(totals.checkRoom('s', [chunk, chunk, chunk])).toBe(3 * length);
    totals.grow(2 * length);
    expect(totals.checkRoom('s', [chunk])).toBe(length);
    const { message, details } = await refused('log-full', () => totals.checkRoom('s', [chunk, chunk]));
    expect(message).toBe(`the log keeps ${2 * length} of ${3 * length} bytes: there is no room for ${2 * length} more`);
    expect(details.streamId).toBe('s');
    totals.grow(-length);
    expect(totals.checkRoom('s', [chunk, chunk])).toBe(2 * length);
  });

  it('refuses a chunk for which there will never be room by another name', async () => {
    const totals = new Totals(length - 1);
    const { message, details } = await refused('chunk-too-large', () => totals.checkRoom('s', [chunk]));
    expect(message).toBe(`the log keeps ${length - 1} bytes: a chunk of the batch takes ${length}`);
    expect(details.streamId).toBe('s');
  });

  it('takes nothing for too much, also where all is taken', () => {
    const { totals } = setUp();
    totals.grow(4 * length);
    expect(totals.checkRoom('s', [])).toBe(0);
  });

  it('goes back to what is on disk, and gives no number twice', () => {
    const { totals, commit } = setUp();
    expect(totals.numberStream()).toBe(1);
    totals.grow(length);
    commit();
    expect(totals.numberStream()).toBe(2);
    totals.grow(2 * length);
    expect(room(totals)).toBe(0);
    totals.revert();
    expect(room(totals)).toBe(2);
    expect(totals.numberStream()).toBe(3);
  });

  it('goes back to what is on disk behind commits in which nothing was saved', () => {
    const { totals, states } = setUp();
    totals.load({ nextStream: 5, bytes: length });
    totals.commit();
    totals.grow(length);
    totals.save(states);
    totals.revert();
    expect(room(totals)).toBe(2);
    totals.commit();
    totals.grow(length);
    totals.revert();
    expect(room(totals)).toBe(2);
    expect(totals.numberStream()).toBe(5);
  });

  it('counts as kept what was saved, not what has come meanwhile', () => {
    const { totals, states, written } = setUp();
    totals.grow(length);
    totals.numberStream();
    totals.save(states);
    totals.grow(length);
    totals.commit();
    totals.revert();
    expect(written).toEqual([{ nextStream: 2, bytes: length }]);
    expect(room(totals)).toBe(2);
  });
});
