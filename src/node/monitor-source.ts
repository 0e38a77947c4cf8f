import { randomUUID } from 'node:crypto';
import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import type { Gateway, GatewayEvent } from '../gateway/index.js';
import type { Figures, MonitorState, ReaderRow } from '../monitor/state.js';
import { monitorFormat } from '../monitor/view.js';
import { createMeter, type Distribution, type Meter, quantile } from '../streams/index.js';
import { MonitorBook } from './monitor-book.js';
import { MonitorRuns } from './monitor-runs.js';

/** @internal What {@link MonitorSource} needs. */
export interface MonitorSourceOptions {
  readonly gateway: Pick<Gateway, 'streams' | 'connections' | 'events'>;
  readonly version: string;
  /** What a process uses. Default: this one. */
  readonly memory?: () => { readonly rss: number; readonly heapUsed: number };
  readonly scheduler?: SchedulerLike;
}

/** How long a look at the list of streams serves all pages, in milliseconds. */
const freshMs = 400;
/** How long nobody must have asked before nothing is measured any more, in milliseconds. */
const patienceMs = 15_000;
/** Most readers that are shown of a stream, and most of all streams. */
const [maxReaders, maxOfAll] = [200, 20];

/** @internal What the monitor's pages ask for. It looks and measures only while there are such. */
export class MonitorSource {
  private readonly life = randomUUID();
  private readonly scheduler: SchedulerLike;
  private readonly book = new MonitorBook();
  private readonly runs: MonitorRuns;
  private looking: Promise<void> | undefined;
  private lookedAt = -Infinity;
  private meter: Meter = createMeter();
  private metering: Subscription | undefined;
  /** What readers at the gateway were sent again, and what they were told is lost. */
  private resent = 0;
  private lost = 0;
  private idle: Subscription | undefined;
  private latency: Distribution | undefined;
  private keptMs: Figures['keptMs'] = { p50: 0, p99: 0 };

  constructor(private readonly options: MonitorSourceOptions) {
    this.scheduler = options.scheduler ?? asyncScheduler;
    this.runs = new MonitorRuns(options.gateway.streams);
  }

  /**
   * How things stand: what has changed since a cursor of this life, everything for other cursors.
   *
   * @param streamId - whose readers are wanted; without one those of all streams that have trouble
   */
  async read(life: string, cursor: number, streamId: string | undefined): Promise<MonitorState> {
    this.measure();
    await this.look();
    const changes = this.book.since(life === this.life ? cursor : 0);
    const connections = this.options.gateway.connections();
    const readers = readersOf(connections, this.book, streamId);
    const most = streamId === undefined ? maxOfAll : maxReaders;
    return {
      format: monitorFormat,
      version: this.options.version,
      life: this.life,
      now: this.scheduler.now(),
      ...changes,
      figures: this.figures(connections.length),
      readers: readers.length > most ? readers.toSorted((a, b) => b.lag - a.lag).slice(0, most) : readers,
      moreReaders: Math.max(0, readers.length - most),
    };
  }

  private async look(): Promise<void> {
    if (this.scheduler.now() - this.lookedAt < freshMs) return;
    // One look serves all who ask meanwhile.
    this.looking ??= this.lookNow().finally(() => (this.looking = undefined));
    await this.looking;
  }

  private async lookNow(): Promise<void> {
    const list = await this.options.gateway.streams.list();
    this.book.update(list, await this.runs.look(list));
    this.lookedAt = this.scheduler.now();
    const { processing } = this.meter.read().latency;
    this.keptMs = quantilesSince(processing, this.latency);
    this.latency = processing;
  }

  private figures(connections: number): Figures {
    const { sent, bytes, missing, refused } = this.meter.read().chunks;
    const { rss, heapUsed } = (this.options.memory ?? process.memoryUsage)();
    return {
      sent,
      bytes,
      lost: missing + this.lost,
      resent: this.resent,
      refused,
      connections,
      rss,
      heapUsed,
      keptMs: this.keptMs,
    };
  }

  /** Measures as long as somebody asks now and then. */
  private measure(): void {
    this.metering ??= this.listen();
    this.idle?.unsubscribe();
    this.idle = this.scheduler.schedule(() => this.stop(), patienceMs);
  }

  private listen(): Subscription {
    const { streams, events } = this.options.gateway;
    const listening = streams.events.subscribe(this.meter.event);
    listening.add(events.subscribe((event) => this.count(event)));
    return listening;
  }

  private count(event: GatewayEvent): void {
    if (event.type === 'gateway.resent') this.resent += event.chunks;
    else if (event.type === 'gateway.missing') this.lost += event.to - event.from;
  }

  private stop(): void {
    this.metering?.unsubscribe();
    this.metering = undefined;
  }

  dispose(): void {
    this.idle?.unsubscribe();
    this.stop();
  }
}

/** Those who read a stream; of all streams those who are behind or have lost something. */
function readersOf(
  connections: ReturnType<Gateway['connections']>,
  book: Pick<MonitorBook, 'head'>,
  wanted: string | undefined,
): ReaderRow[] {
  const rows: ReaderRow[] = [];
  for (const { session, peer, reading } of connections) {
    for (const { streamId: stream, next, credit, gaps } of reading) {
      if (wanted !== undefined && stream !== wanted) continue;
      const lag = Math.max(0, book.head(stream) - next);
      if (wanted === undefined && lag === 0 && gaps.lost === 0) continue;
      const { transport, address, principal } = peer;
      rows.push({
        session,
        stream,
        transport,
        ...(address === undefined ? {} : { address }),
        ...(principal === undefined ? {} : { who: principal.id }),
        next,
        credit,
        lag,
        gaps,
      });
    }
  }
  return rows;
}

/** Quantiles of what was added since an earlier look. */
function quantilesSince(now: Distribution, before: Distribution | undefined): Figures['keptMs'] {
  const buckets = now.buckets.map(({ atMost, count }, i) => ({
    atMost,
    count: count - (before?.buckets[i]!.count ?? 0),
  }));
  const since = { ...now, count: now.count - (before?.count ?? 0), buckets };
  return since.count === 0 ? { p50: 0, p99: 0 } : { p50: quantile(since, 0.5), p99: quantile(since, 0.99) };
}
