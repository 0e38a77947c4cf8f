import type { Figures } from './state.js';

/** @internal What is plotted, a value for each look; a hole is `null`. */
export interface Point {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly chunksPerSecond: number | null;
  readonly bytesPerSecond: number | null;
  readonly keptP50: number | null;
  readonly keptP99: number | null;
  readonly rss: number;
  readonly heapUsed: number;
}

/** Five minutes of looks, one a second. */
const maxPoints = 300;

/** @internal The last few minutes of a server, made of its counts. */
export class Series {
  private readonly list: Point[] = [];
  private before: { readonly at: number; readonly figures: Figures } | undefined;

  get points(): readonly Point[] {
    return this.list;
  }

  /** Takes note of the counts at a time, in milliseconds; counts of another life begin anew. */
  add(at: number, figures: Figures, isSameLife: boolean): void {
    const { before } = this;
    const seconds = before === undefined ? 0 : (at - before.at) / 1000;
    const perSecond = (name: 'sent' | 'bytes'): number | null =>
      isSameLife && before !== undefined && seconds > 0
        ? Math.max(0, figures[name] - before.figures[name]) / seconds
        : null;
    this.before = { at, figures };
    this.list.push({
      at: at / 1000,
      chunksPerSecond: perSecond('sent'),
      bytesPerSecond: perSecond('bytes'),
      keptP50: figures.keptMs.p50,
      keptP99: figures.keptMs.p99,
      rss: figures.rss,
      heapUsed: figures.heapUsed,
    });
    if (this.list.length > maxPoints) this.list.shift();
  }

  /** The server was away: a hole. */
  gap(at: number): void {
    this.before = undefined;
    const last = this.list.at(-1);
    if (last === undefined || last.chunksPerSecond === null) return;
    this.list.push({
      ...last,
      at: at / 1000,
      chunksPerSecond: null,
      bytesPerSecond: null,
      keptP50: null,
      keptP99: null,
    });
  }
}
