import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { troublesOf } from '../../src/monitor/troubles.js';
import { MonitorView } from '../../src/monitor/view.js';
import type { MonitorState } from '../../src/monitor/state.js';
import { reader, row, state } from './figures.js';

const now = 100_000_000;

/** What is said of a server, a line for each trouble. */
function said(...looks: Partial<MonitorState>[]): string[] {
  const view = new MonitorView();
  for (const look of looks) {
    vi.setSystemTime(look.now ?? now);
    view.take(state({ now, ...look }));
  }
  return troublesOf(view).flatMap(({ title, troubles }) =>
    troubles.map(({ name, words, since }) =>
      [title, name, words, since === undefined ? '' : `for ${(view.now() - since) / 1000} s`]
        .filter(Boolean)
        .join(' | '),
    ),
  );
}

describe('troublesOf', () => {
  beforeEach(() => void vi.useFakeTimers({ now }));
  afterEach(() => void vi.useRealTimers());

  it('says nothing of a server where all is well', () => {
    const reads = { lag: 0, gaps: { holes: 1, asked: 2, resent: 2, lost: 0 } };
    expect(
      said({
        streams: [
          row('live', { lastChunkAt: now - 5000 }),
          row('done', { status: 'completed', endedAt: now - 90_000 }),
          row('runs/at-work', { run: 'running', lastChunkAt: now - 1000 }),
        ],
        readers: [reader(reads)],
      }),
    ).toEqual([]);
  });

  it('names runs that wait, were lost or failed, and streams that failed, the gravest kind first, the latest first', () => {
    const failed = { status: 'failed', reason: 'no more', endedAt: now - 2000 } as const;
    expect(
      said({
        streams: [
          row('broken', failed),
          row('broken-now', { ...failed, endedAt: now - 1000 }),
          row('runs/b', { run: 'waiting', lastChunkAt: now - 60_000 }),
          row('runs/c', { ...failed, run: 'lost', reason: 'the process died' }),
          row('runs/d', { status: 'completed', run: 'failed', endedAt: now - 3000 }),
        ],
      }),
    ).toEqual([
      'Runs that wait for an answer | b | for 60 s',
      'Runs whose process died | c | the process died | for 2 s',
      'Runs that failed | d | for 3 s',
      'Streams that failed | broken-now | no more | for 1 s',
      'Streams that failed | broken | no more | for 2 s',
    ]);
  });

  it('names the latest four of a kind, and counts them all', () => {
    const view = new MonitorView();
    const ends = [5, 9, 1, 8, 7, 6];
    view.take(state({ now, streams: ends.map((at) => row(`s${at}`, { status: 'failed', endedAt: now - at })) }));
    const [{ troubles, count } = { troubles: [], count: 0 }] = troublesOf(view);
    expect([troubles.map(({ name }) => name), count]).toEqual([['s1', 's5', 's6', 's7'], 6]);
  });

  it('forgets after a day what has failed', () => {
    expect(said({ streams: [row('old', { status: 'failed', endedAt: now - 86_400_001 })] })).toEqual([]);
  });

  it('names live ones that have been silent for a minute', () => {
    expect(
      said({
        streams: [
          row('never', { createdAt: now - 60_000 }),
          row('stuck', { createdAt: 0, lastChunkAt: now - 61_000 }),
          row('runs/a', { run: 'running', lastChunkAt: now - 62_000 }),
        ],
      }),
    ).toEqual([
      'Live, but silent for a minute | never | for 60 s',
      'Live, but silent for a minute | stuck | for 61 s',
      'Live, but silent for a minute | a | for 62 s',
    ]);
  });

  it('names readers that have lost something, and those that stay behind', () => {
    const lost = { holes: 0, asked: 0, resent: 0, lost: 1200 };
    const readers = [
      reader({ session: '12345678-9', lag: 40, credit: 0, who: 'ann' }),
      reader({ session: 'b', lag: 40, address: '::1' }),
      reader({ session: 'c', gaps: lost }),
    ];
    const later = [...readers, reader({ session: 'd', lag: 1 })];
    expect(said({ readers, now: now - 4000 }, { readers: later })).toEqual([
      'Readers that lost chunks | s | somebody (c): 1,200 lost',
      'Readers that are behind | s | ann (12345678): 40 behind, no credit | for 4 s',
      'Readers that are behind | s | ::1 (b): 40 behind, credit 10 | for 4 s',
    ]);
  });
});
