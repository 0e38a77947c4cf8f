import { checkBound } from '../chunk/index.js';
import { type Distribution, Histogram } from '../streams/index.js';
import type { Metric } from './metric.js';

/** A value, and what it is told apart by. */
export interface Series {
  readonly attributes: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric with what it has come to: series of a counter or gauge, or the distribution of a histogram, in milliseconds. */
export type Family =
  | { readonly metric: Metric; readonly series: readonly Series[] }
  | { readonly metric: Metric; readonly distribution: Distribution };

/** Told of each value of a histogram, in milliseconds. */
export type Recorded = (metric: Metric, milliseconds: number) => void;

/** What stands in place of a value that would be one too many. */
const other = 'other';

/** Adds up. How many values there are is bounded, whatever the attributes: those beyond `maxSeries` count as `other`. */
export class Measures {
  private readonly counters = new Map<Metric, Counter>();
  private readonly histograms = new Map<Metric, Histogram>();
  private readonly gauges = new Map<Metric, () => number | readonly Series[]>();
  private readonly listeners = new Set<Recorded>();
  private readonly looks: (() => void)[] = [];

  constructor(
    private readonly catalogue: readonly Metric[],
    maxSeries = 100,
  ) {
    checkBound('maxSeries', maxSeries);
    for (const metric of catalogue) {
      if (metric.kind === 'counter') this.counters.set(metric, new Counter(hasAttributes(metric), maxSeries));
      if (metric.kind === 'histogram') this.histograms.set(metric, new Histogram());
    }
  }

  /** Adds to a counter; `first` and `second` are the values of its attributes. */
  add(metric: Metric, value: number, first = '', second = ''): void {
    const counter = this.counters.get(metric)!;
    if (counter.plain !== undefined) counter.plain += value;
    else counter.add(second === '' ? first : `${first}\n${second}`, value);
  }

  /** Takes a value of a histogram in. */
  record(metric: Metric, milliseconds: number): void {
    this.histograms.get(metric)!.add(milliseconds);
    if (this.listeners.size > 0) for (const listener of this.listeners) listener(metric, milliseconds);
  }

  /** Says how a gauge, or a counter that somebody else keeps, is read. */
  set(metric: Metric, read: () => number | readonly Series[]): void {
    this.gauges.set(metric, read);
  }

  /** Calls back before everything is read: to look once at what several gauges are about. */
  beforeRead(look: () => void): void {
    this.looks.push(look);
  }

  /** Calls back for each value of a histogram. @returns stops the calls */
  onRecord(listener: Recorded): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Everything as it is now, in the order of the catalogue. What nobody reads has no series. */
  read(): readonly Family[] {
    for (const look of this.looks) look();
    return this.catalogue.map((metric) => this.familyOf(metric));
  }

  private familyOf(metric: Metric): Family {
    const histogram = this.histograms.get(metric);
    if (histogram !== undefined) return { metric, distribution: histogram.read() };
    const read = this.gauges.get(metric);
    if (read === undefined) return { metric, series: this.counters.get(metric)?.read(metric) ?? [] };
    const value = read();
    return { metric, series: typeof value === 'number' ? [{ attributes: {}, value }] : value };
  }
}

/** A counter: one number, or one for each value it is told apart by. */
class Counter {
  plain: number | undefined;
  private readonly counts = new Map<string, number>();

  constructor(
    isToldApart: boolean,
    private readonly maxSeries: number,
  ) {
    this.plain = isToldApart ? undefined : 0;
  }

  add(key: string, value: number): void {
    const known = this.counts.get(key);
    if (known !== undefined) this.counts.set(key, known + value);
    else if (this.counts.size < this.maxSeries) this.counts.set(key, value);
    else this.counts.set(other, (this.counts.get(other) ?? 0) + value);
  }

  read({ attributes = [] }: Metric): Series[] {
    if (this.plain !== undefined) return [{ attributes: {}, value: this.plain }];
    return Array.from(this.counts, ([key, value]) => {
      const values = key.split('\n');
      return { attributes: Object.fromEntries(attributes.map((name, at) => [name, values[at] ?? ''])), value };
    });
  }
}

function hasAttributes({ attributes = [] }: Metric): boolean {
  return attributes.length > 0;
}
