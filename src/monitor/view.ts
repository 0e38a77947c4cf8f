import { runOf } from '../run/names.js';
import { Series } from './series.js';
import type { Figures, MonitorState, ReaderRow, StreamRow } from './state.js';

/** @internal What the monitor's page and its server speak; a page of another number is told to load anew. */
export const monitorFormat = 1;

/** @internal A row of one of the page's lists. */
export interface Row extends StreamRow {
  /** The id of the run whose events the stream holds, if it does. */
  readonly runId: string | undefined;
  /** Chunks a second, between the last two looks. */
  readonly rate: number;
}

/** @internal What the page knows of a server: everything that the answers to its questions have told. */
export class MonitorView {
  private readonly rows = new Map<string, Row>();
  private sorted: readonly Row[] | undefined;
  readonly series = new Series();
  life = '';
  cursor = 0;
  version = '';
  figures: Figures | undefined;
  readers: readonly ReaderRow[] = [];
  moreReaders = 0;
  private at = 0;

  /** Takes an answer in. */
  take(state: MonitorState): void {
    const isSameLife = state.life === this.life;
    if (!isSameLife) this.rows.clear();
    const seconds = isSameLife && this.at > 0 ? Math.max(0.001, (state.now - this.at) / 1000) : 0;
    this.settle();
    for (const row of state.streams) this.put(row, seconds);
    for (const id of state.removed) this.rows.delete(id);
    this.series.add(state.now, state.figures, isSameLife);
    this.life = state.life;
    this.cursor = state.cursor;
    this.version = state.version;
    this.figures = state.figures;
    this.readers = state.readers;
    this.moreReaders = state.moreReaders;
    this.at = state.now;
    this.sorted = undefined;
  }

  /** Who is in no answer has stood still. */
  private settle(): void {
    for (const [id, row] of this.rows) if (row.rate > 0) this.rows.set(id, { ...row, rate: 0 });
  }

  private put(row: StreamRow, seconds: number): void {
    const before = this.rows.get(row.id)?.next ?? 0;
    const rate = seconds > 0 ? Math.max(0, row.next - before) / seconds : 0;
    this.rows.set(row.id, { ...row, runId: runOf(row.id), rate });
  }

  /** The rows of a list: those whose name holds `filter`, the active first, then the newest. */
  list(kind: 'streams' | 'runs', filter: string): readonly Row[] {
    this.sorted ??= [...this.rows.values()].filter(({ id }) => !own.test(id)).toSorted(byInterest);
    const wanted = filter.trim().toLowerCase();
    return this.sorted.filter(
      ({ id, runId }) => (runId !== undefined) === (kind === 'runs') && id.toLowerCase().includes(wanted),
    );
  }

  row(id: string): Row | undefined {
    return this.rows.get(id);
  }

  get active(): number {
    let count = 0;
    for (const { status } of this.rows.values()) if (status === 'active') count++;
    return count;
  }

  get size(): number {
    return this.rows.size;
  }
}

/** Streams that are the server's own affair: its books, and what is said to runs. */
const own = /^(?:sluice\/|runs\/[^/]+\/inbox$)/;

function byInterest(a: Row, b: Row): number {
  if ((a.status === 'active') !== (b.status === 'active')) return a.status === 'active' ? -1 : 1;
  return b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1);
}
