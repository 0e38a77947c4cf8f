import type { Figures, MonitorState, ReaderRow, StreamRow } from '../../src/monitor/state.js';
import { monitorFormat } from '../../src/monitor/view.js';

/** Counts of a server that has done nothing yet. */
export function figures(more: Partial<Figures> = {}): Figures {
  const none = { sent: 0, bytes: 0, lost: 0, resent: 0, refused: 0, connections: 0 };
  return { ...none, rss: 100, heapUsed: 50, keptMs: { p50: 1, p99: 2 }, ...more };
}

/** A stream in the list. */
export function row(id: string, more: Partial<StreamRow> = {}): StreamRow {
  return { id, status: 'active', first: 0, next: 0, bytes: 0, createdAt: 0, ...more };
}

/** Somebody who reads a stream. */
export function reader(more: Partial<ReaderRow> = {}): ReaderRow {
  const gaps = { holes: 0, asked: 0, resent: 0, lost: 0 };
  return { session: 'session-1', stream: 's', transport: 'websocket', next: 0, lag: 0, credit: 10, gaps, ...more };
}

/** An answer of a server. */
export function state(more: Partial<MonitorState> = {}): MonitorState {
  const list = { isWhole: false, streams: [], removed: [], total: 0, readers: [], moreReaders: 0 };
  return {
    format: monitorFormat,
    version: '1.2.3',
    life: 'one',
    cursor: 1,
    now: 1000,
    figures: figures(),
    ...list,
    ...more,
  };
}
