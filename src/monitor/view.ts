import { runOf } from '../run/names.js';
import { Series } from './series.js';
import type { Figures, MonitorState, ReaderRow, RunState, StreamRow } from './state.js';

/** @internal What the monitor's page and its server speak; a page of another number is told to load anew. */
export const monitorFormat = 2;

/** @internal A row of one of the page's lists. */
export interface Row extends StreamRow {
  /** The id of the run whose events the stream holds, if it does. */
  readonly runId: string | undefined;
  /** How the run stands, or else the stream. */
  readonly state: RunState | 'active';
  /** Chunks a second, between the last two looks. */
  readonly rate: number;
}

/** @internal A reader, and since when it is behind: as long as the page has looked, and in the server's time. */
export interface Reader extends ReaderRow {
  readonly behindSince: number | undefined;
}

/** @internal What a list is narrowed down to. */
export type Wanted = 'all' | 'live' | 'waiting' | 'failed' | 'ended';

/** @internal What a list is put in order by. */
export type Order = 'newest' | 'busiest' | 'largest' | 'name';

/** Of the same rank the newest are first. */
const orders: Readonly<Record<Exclude<Order, 'newest'>, (a: Row, b: Row) => number>> = {
  busiest: (a, b) => b.rate - a.rate || (b.lastChunkAt ?? 0) - (a.lastChunkAt ?? 0),
  largest: (a, b) => b.bytes - a.bytes,
  name: (a, b) => (a.id < b.id ? -1 : 1),
};

const fits: Readonly<Record<Wanted, (row: Row) => boolean>> = {
  all: () => true,
  live: ({ status }) => status === 'active',
  waiting: ({ state }) => state === 'waiting',
  failed: ({ state }) => state === 'failed' || state === 'lost',
  ended: ({ status }) => status !== 'active',
};

/** @internal What the page knows of a server: everything that the answers to its questions have told. */
export class MonitorView {
  private readonly rows = new Map<string, Row>();
  private sorted: readonly Row[] | undefined;
  readonly series = new Series();
  life = '';
  cursor = 0;
  version = '';
  figures: Figures | undefined;
  readers: readonly Reader[] = [];
  moreReaders = 0;
  private at = 0;
  private ahead = 0;

  /** What time it is on the server: that of the page may be wrong. */
  readonly now = (): number => Date.now() + this.ahead;

  /** Takes an answer in. */
  take(state: MonitorState): void {
    const isSameLife = state.life === this.life;
    if (!isSameLife || state.isWhole) this.clear();
    const seconds = isSameLife && this.at > 0 ? Math.max(0.001, (state.now - this.at) / 1000) : 0;
    this.settle();
    for (const row of state.streams) this.put(row, seconds);
    for (const id of state.removed) this.set(id, undefined);
    this.series.add(state.now, state.figures, isSameLife);
    this.life = state.life;
    this.cursor = state.cursor;
    this.version = state.version;
    this.figures = state.figures;
    this.readers = this.follow(state);
    this.moreReaders = state.moreReaders;
    this.at = state.now;
    this.ahead = state.now - Date.now();
  }

  private clear(): void {
    this.rows.clear();
    this.sorted = undefined;
  }

  /** To sort ten thousand rows takes a while: only when there is another. */
  private set(id: string, row: Row | undefined): void {
    if (row === undefined) this.rows.delete(id);
    else this.rows.set(id, row);
    this.sorted = undefined;
  }

  /** Who is in no answer has stood still. */
  private settle(): void {
    for (const [id, row] of this.rows) if (row.rate > 0) this.set(id, { ...row, rate: 0 });
  }

  private put(row: StreamRow, seconds: number): void {
    // One that is only new to the page has not grown by all it holds.
    const before = this.rows.get(row.id)?.next ?? (row.createdAt < this.at ? row.next : 0);
    const rate = seconds > 0 ? Math.max(0, row.next - before) / seconds : 0;
    this.set(row.id, { ...row, runId: runOf(row.id), state: row.run ?? row.status, rate });
  }

  private follow({ readers, now }: MonitorState): Reader[] {
    const before = new Map(this.readers.map((reader) => [keyOf(reader), reader.behindSince]));
    return readers.map((reader) => ({
      ...reader,
      behindSince: reader.lag === 0 ? undefined : (before.get(keyOf(reader)) ?? now),
    }));
  }

  /** All rows but the server's own affairs: the active first, then the newest. */
  get all(): readonly Row[] {
    this.sorted ??= [...this.rows.values()].filter(({ id }) => !own.test(id)).toSorted(byInterest);
    return this.sorted;
  }

  /** The rows of a list: those whose name holds `filter`. */
  list(kind: 'streams' | 'runs', filter: string, wanted: Wanted = 'all', order: Order = 'newest'): readonly Row[] {
    const part = filter.trim().toLowerCase();
    const found = this.all.filter(
      (row) =>
        (row.runId !== undefined) === (kind === 'runs') &&
        fits[wanted](row) &&
        (part === '' || row.id.toLowerCase().includes(part)),
    );
    return order === 'newest' ? found : found.toSorted(orders[order]);
  }

  row(id: string): Row | undefined {
    return this.rows.get(id);
  }
}

function keyOf({ session, stream }: ReaderRow): string {
  return `${session} ${stream}`;
}

/** Streams that are the server's own affair: its books, and what is said to runs. */
const own = /^(?:sluice\/|runs\/[^/]+\/inbox$)/;

function byInterest(a: Row, b: Row): number {
  if ((a.status === 'active') !== (b.status === 'active')) return a.status === 'active' ? -1 : 1;
  return b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1);
}
