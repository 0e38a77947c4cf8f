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
  private readonly counters = new Map<Metric, Map<string, number>>();
  private readonly histograms = new Map<Metric, Histogram>();
  private readonly gauges = new Map<Metric, () => number | readonly Series[]>();
  private readonly listeners = new Set<Recorded>();
  private readonly looks: (() => void)[] = [];

  constructor(
    private readonly catalogue: readonly Metric[],
    private readonly maxSeries = 100,
  ) {
    checkBound('maxSeries', maxSeries);
    for (const metric of catalogue) {
      if (metric.kind === 'counter') this.counters.set(metric, new Map(hasAttributes(metric) ? [] : [['', 0]]));
      if (metric.kind === 'histogram') this.histograms.set(metric, new Histogram());
    }
  }

  /** Adds to a counter; `first` and `second` are the values of its attributes. */
  add(metric: Metric, value: number, first = '', second = ''): void {
    const counts = this.counters.get(metric)!;
    const key = second === '' ? first : `${first}\n${second}`;
    const known = counts.get(key);
    if (known !== undefined) counts.set(key, known + value);
    else if (counts.size < this.maxSeries) counts.set(key, value);
    else counts.set(other, (counts.get(other) ?? 0) + value);
  }

  /** Takes a value of a histogram in. */
  record(metric: Metric, milliseconds: number): void {
    this.histograms.get(metric)!.add(milliseconds);
    for (const listener of this.listeners) listener(metric, milliseconds);
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
    if (read === undefined) return { metric, series: Array.from(this.counters.get(metric) ?? [], seriesOf(metric)) };
    const value = read();
    return { metric, series: typeof value === 'number' ? [{ attributes: {}, value }] : value };
  }
}

function hasAttributes({ attributes = [] }: Metric): boolean {
  return attributes.length > 0;
}

function seriesOf({ attributes = [] }: Metric): (entry: [key: string, value: number]) => Series {
  return ([key, value]) => {
    const values = key.split('\n');
    return { attributes: Object.fromEntries(attributes.map((name, at) => [name, values[at] ?? ''])), value };
  };
}
