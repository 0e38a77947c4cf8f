import { describe, expect, it } from 'vitest';
import type { StreamInfo } from 'sluice/chunk';
import { MonitorBook } from '../../src/node/monitor-book.js';

function info(streamId: string, next = 0, more: Partial<StreamInfo> = {}): StreamInfo {
  const tally = { received: next };
  return { streamId, life: '1', status: 'active', createdAt: 1, first: 0, next, chunks: tally, bytes: tally, ...more };
}

const told = (book: MonitorBook, cursor: number) => {
  const { streams, removed, isWhole } = book.since(cursor);
  return [streams.map(({ id, next }) => `${id} ${next}`), removed, isWhole];
};

describe('MonitorBook', () => {
  it('tells everything first, then only what has changed', () => {
    const book = new MonitorBook();
    book.update([info('a'), info('b')]);
    expect(told(book, 0)).toEqual([['a 0', 'b 0'], [], true]);
    const { cursor } = book.since(0);
    expect(told(book, cursor)).toEqual([[], [], false]);
    book.update([info('a', 3), info('c')]);
    expect(told(book, cursor)).toEqual([['a 3', 'c 0'], ['b'], false]);
    expect(book.since(cursor)).toMatchObject({ cursor: 2, total: 2 });
  });

  it('tells a stream that was removed and is there again as changed only', () => {
    const book = new MonitorBook();
    book.update([info('a')]);
    book.update([]);
    book.update([info('a')]);
    expect(told(book, 1)).toEqual([['a 0'], [], false]);
  });

  it('tells everything to who has missed too much, or comes from elsewhere', () => {
    const book = new MonitorBook();
    book.update(Array.from({ length: 10_002 }, (_, i) => info(`s${i}`)));
    book.update([info('left')]);
    expect(told(book, 1)).toEqual([['left 0'], [], true]);
    expect(told(book, 99)).toEqual([['left 0'], [], true]);
    expect(told(book, 2)).toEqual([[], [], false]);
  });

  it('tells what a row shows', () => {
    const book = new MonitorBook();
    const more = { status: 'failed', reason: 'sunk', source: 'ahab', lastChunkAt: 2, endedAt: 3 } as const;
    book.update([info('runs/r', 4, more)], new Map([['runs/r', { state: 'failed', reason: 'a hole' }]]));
    expect(book.since(0).streams).toEqual([
      { id: 'runs/r', ...more, reason: 'a hole', run: 'failed', first: 0, next: 4, bytes: 4, createdAt: 1 },
    ]);
  });
});
