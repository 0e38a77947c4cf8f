import { describe, expect, it } from 'vitest';
import { MonitorView } from '../../src/monitor/view.js';
import { figures, row, state } from './figures.js';

const names = (view: MonitorView, kind: 'streams' | 'runs' = 'streams', filter = '') =>
  view.list(kind, filter).map(({ id }) => id);

describe('MonitorView', () => {
  it('adds, changes and removes what the answers say', () => {
    const view = new MonitorView();
    view.take(state({ streams: [row('a'), row('b')] }));
    view.take(state({ cursor: 2, streams: [row('b', { next: 7 }), row('c')], removed: ['a'] }));
    expect(names(view)).toEqual(['b', 'c']);
    expect([view.row('b')!.next, view.row('a'), view.size, view.active, view.cursor]).toEqual([7, undefined, 2, 2, 2]);
  });

  it('puts the active first, then the newest', () => {
    const view = new MonitorView();
    const old = { createdAt: 1 };
    view.take(
      state({
        streams: [
          row('b'),
          row('a'),
          row('new', { createdAt: 9 }),
          row('over', { status: 'failed', createdAt: 99 }),
          row('aa'),
          row('x', old),
        ],
      }),
    );
    expect(names(view)).toEqual(['new', 'x', 'a', 'aa', 'b', 'over']);
    expect([view.active, view.size]).toEqual([5, 6]);
  });

  it('tells runs from streams, hides what is the server’s own, and filters by name', () => {
    const view = new MonitorView();
    const ids = ['books/Moby', 'runs/report-1', 'runs/report-1/inbox', 'runs/report-1/steps/a/1', 'sluice/snapshots/x'];
    view.take(state({ streams: ids.map((id) => row(id)) }));
    expect(names(view)).toEqual(['books/Moby', 'runs/report-1/steps/a/1']);
    expect(names(view, 'runs')).toEqual(['runs/report-1']);
    expect(view.list('runs', '')[0]!.runId).toBe('report-1');
    expect([names(view, 'streams', ' mob'), names(view, 'streams', 'nothing')]).toEqual([['books/Moby'], []]);
  });

  it('knows how fast a stream grows, and when it stands still', () => {
    const view = new MonitorView();
    view.take(state({ streams: [row('a', { next: 10 })] }));
    expect(view.row('a')!.rate).toBe(0);
    view.take(state({ now: 3000, streams: [row('a', { next: 110 })] }));
    expect(view.row('a')!.rate).toBe(50);
    view.take(state({ now: 4000 }));
    expect(view.row('a')!.rate).toBe(0);
  });

  it('forgets everything when the server lives anew', () => {
    const view = new MonitorView();
    view.take(state({ streams: [row('a', { next: 5 })] }));
    view.take(state({ life: 'two', streams: [row('b', { next: 5 })], version: '2.0.0' }));
    expect([names(view), view.row('b')!.rate, view.version]).toEqual([['b'], 0, '2.0.0']);
  });

  it('takes in who reads, and the figures', () => {
    const view = new MonitorView();
    const reader = { session: 's', transport: 'websocket', next: 1, credit: 2, repaired: 3 };
    view.take(state({ readers: [reader], moreReaders: 4, figures: figures({ connections: 5 }) }));
    expect([view.readers, view.moreReaders, view.figures!.connections, view.series.points.length]).toEqual([
      [reader],
      4,
      5,
      1,
    ]);
  });
});
