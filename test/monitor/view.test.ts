import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { MonitorView, type Wanted } from '../../src/monitor/view.js';
import { figures, reader, row, state } from './figures.js';

const names = (view: MonitorView, kind: 'streams' | 'runs' = 'streams', filter = '') =>
  view.list(kind, filter).map(({ id }) => id);

describe('MonitorView', () => {
  it('adds, changes and removes what the answers say', () => {
    const view = new MonitorView();
    view.take(state({ streams: [row('a'), row('b')] }));
    view.take(state({ cursor: 2, streams: [row('b', { next: 7 }), row('c')], removed: ['a'] }));
    expect(names(view)).toEqual(['b', 'c']);
    expect([view.row('b')!.next, view.row('a'), view.cursor]).toEqual([7, undefined, 2]);
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

  it('forgets what is not there any more when it is told everything anew', () => {
    const view = new MonitorView();
    view.take(state({ now: 1000, streams: [row('a', { next: 5 }), row('b', { next: 5 })] }));
    view.take(state({ now: 2000, isWhole: true, streams: [row('b', { next: 900 })] }));
    expect([names(view), view.row('b')!.rate]).toEqual([['b'], 0]);
  });

  it('takes what one that is new holds for what came since the last look', () => {
    const view = new MonitorView();
    view.take(state({ now: 1000 }));
    view.take(state({ now: 2000, streams: [row('new', { createdAt: 1500, next: 40 })] }));
    expect(view.row('new')!.rate).toBe(40);
  });

  it('sorts nothing again while nothing has changed', () => {
    const view = new MonitorView();
    view.take(state({ streams: [row('a')] }));
    const { all } = view;
    view.take(state({ now: 2000 }));
    expect(view.all).toBe(all);
  });

  it.each([
    ['newest', ['big', 'quick', 'late', 'a']],
    ['busiest', ['quick', 'late', 'big', 'a']],
    ['largest', ['big', 'quick', 'late', 'a']],
    ['name', ['a', 'big', 'late', 'quick']],
  ] as const)('puts the %s first where that is wanted', (order, wanted) => {
    const view = new MonitorView();
    const rows = [
      row('a', { createdAt: 1 }),
      row('late', { createdAt: 2, lastChunkAt: 9 }),
      row('quick', { createdAt: 3 }),
      row('big', { createdAt: 4, bytes: 100 }),
    ];
    view.take(state({ streams: rows }));
    view.take(state({ now: 2000, streams: [row('quick', { createdAt: 3, next: 50 })] }));
    expect(view.list('streams', '', 'all', order).map(({ id }) => id)).toEqual(wanted);
  });

  it('narrows a list down to how they stand', () => {
    const view = new MonitorView();
    const over = { status: 'failed', endedAt: 5 } as const;
    view.take(
      state({
        streams: [
          row('live'),
          row('failed', over),
          row('completed', { status: 'completed' }),
          row('runs/waiting', { run: 'waiting' }),
          row('runs/lost', { ...over, run: 'lost' }),
          row('runs/done', { status: 'completed', run: 'completed' }),
        ],
      }),
    );
    const found = (kind: 'streams' | 'runs', wanted: Wanted) => view.list(kind, '', wanted).map(({ id }) => id);
    expect([found('streams', 'live'), found('streams', 'failed')]).toEqual([['live'], ['failed']]);
    expect(found('streams', 'ended')).toEqual(['completed', 'failed']);
    expect([found('runs', 'waiting'), found('runs', 'failed')]).toEqual([['runs/waiting'], ['runs/lost']]);
    expect(found('runs', 'live')).toEqual(['runs/waiting']);
  });

  it('takes in who reads, and the figures', () => {
    const view = new MonitorView();
    view.take(state({ readers: [reader()], moreReaders: 4, figures: figures({ connections: 5 }) }));
    expect([view.readers, view.moreReaders, view.figures!.connections, view.series.points.length]).toEqual([
      [{ ...reader(), behindSince: undefined }],
      4,
      5,
      1,
    ]);
  });

  it('knows since when a reader is behind', () => {
    const view = new MonitorView();
    const since = (now: number, lag: number) => {
      view.take(state({ now, readers: [reader({ lag }), reader({ session: 'other', lag: 0 })] }));
      return view.readers.map(({ behindSince }) => behindSince);
    };
    expect([since(1000, 0), since(2000, 5), since(3000, 9), since(4000, 0), since(5000, 1)]).toEqual([
      [undefined, undefined],
      [2000, undefined],
      [2000, undefined],
      [undefined, undefined],
      [5000, undefined],
    ]);
  });

  it('goes by the clock of the server, for its own may be wrong', () => {
    vi.useFakeTimers({ now: 5_000_000 });
    onTestFinished(() => void vi.useRealTimers());
    const view = new MonitorView();
    view.take(state({ now: 1000 }));
    vi.advanceTimersByTime(500);
    expect(view.now()).toBe(1500);
  });
});
