import { asyncScheduler, type SchedulerLike, Subscription } from 'rxjs';
import { checkBound } from '../chunk/index.js';
import type { Gateway } from '../gateway/index.js';
import type { Log } from '../log/log.js';
import type { Probe, Refusals } from '../probe/index.js';
import type { Reaper, Streams } from '../streams/index.js';
import type { Exported, Exporter } from './exporter.js';
import { Journal } from './journal.js';
import type { LogFields, Logger } from './logger.js';
import { type Family, Measures, type Series } from './measures.js';
import type { Metric } from './metric.js';
import { metrics } from './metrics.js';
import { narrate } from './narrate.js';
import { observeGateway } from './observe-gateway.js';
import { observeOperators } from './observe-operators.js';
import { observeProcess } from './observe-process.js';
import { observeRuns, runEventsOf } from './observe-runs.js';
import { observeStreams } from './observe-streams.js';
import { writePrometheus } from './prometheus.js';
import { Standing, type StandingOptions } from './standing.js';

/** Options of {@link createTelemetry}. */
export interface TelemetryOptions {
  /** Carries spans and measurements elsewhere: `openTelemetry` of `sluice/telemetry/open-telemetry`. Default: nobody does. */
  readonly exporter?: Exporter;
  /** Gets lines: a logger of `pino`, say. Default: there are none. */
  readonly logger?: Logger;
  /** Lines in one second; more are counted, and not written. Default 100. */
  readonly maxLinesPerSecond?: number;
  /** How many streams, those furthest behind, are named in metrics. Default 0: what strangers name is no label. */
  readonly streamLabels?: number;
  /** Values that one metric is told apart by, at most; the others count as `other`. Default 100. */
  readonly maxSeries?: number;
  /** How old may be what is found out by listing streams. Default 5 000. */
  readonly refreshMs?: number;
  /** How long the log may take to list them. Default 2 000. */
  readonly timeoutMs?: number;
  /** Clock and timers. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** What is observed. */
export interface Observed {
  readonly streams: Streams;
  readonly gateway: Pick<Gateway, 'events' | 'load'>;
  /** Knows the leases. */
  readonly reaper?: Pick<Reaper, 'held'>;
  /** Knows what was refused. */
  readonly refusals?: Pick<Refusals, 'read'>;
}

/** What a server tells about itself. */
export interface Telemetry {
  /** Counts what operators report: hand it to them as their `probe`. */
  readonly probe: Probe;
  /** The log to serve in place of one, so that an exporter sees its appends; the same where there is none. */
  log(log: Log): Log;
  /** Observes a server, once. */
  observe(observed: Observed): void;
  /** Writes a line, if there is a logger: what strangers say in it is cleaned. */
  write(level: keyof Logger, message: string, fields?: LogFields): void;
  /** Everything that is measured, as it is now. Never rejects. */
  read(): Promise<readonly Family[]>;
  /** The same in Prometheus' text format. */
  prometheus(): Promise<string>;
  /** Observes no more. */
  dispose(): void;
}

/**
 * Makes what a server tells about itself: counters that cost a few numbers, spans and lines only where somebody wants them. It is
 * handed in; nothing is global.
 *
 * @example
 * const telemetry = createTelemetry({ logger: pino() });
 * const server = await serve({ telemetry });
 */
export function createTelemetry(options: TelemetryOptions = {}): Telemetry {
  return new ServerTelemetry(options);
}

class ServerTelemetry implements Telemetry {
  readonly probe: Probe;
  private readonly catalogue = Object.values<Metric>(metrics);
  private readonly measures: Measures;
  private readonly journal: Journal | undefined;
  private readonly settled: Omit<StandingOptions, 'streams'>;
  private readonly teardown = new Subscription();
  private standing: Standing | undefined;

  constructor(private readonly options: TelemetryOptions) {
    const { logger } = options;
    this.settled = {
      streamLabels: checkBound('streamLabels', options.streamLabels ?? 0, { min: 0, max: 1000 }),
      refreshMs: checkBound('refreshMs', options.refreshMs ?? 5000, { min: 0 }),
      timeoutMs: checkBound('timeoutMs', options.timeoutMs ?? 2000),
      scheduler: options.scheduler ?? asyncScheduler,
    };
    this.measures = new Measures(this.catalogue, options.maxSeries);
    this.probe = observeOperators(this.measures);
    this.journal = logger === undefined ? undefined : new Journal(logger, options);
    this.measures.set(metrics.logLinesDropped, () => this.journal?.dropped ?? 0);
    this.measures.set(metrics.logLinesCleaned, () => this.journal?.cleaned ?? 0);
  }

  log(log: Log): Log {
    return this.options.exporter?.log(log) ?? log;
  }

  observe({ streams, gateway, reaper, refusals }: Observed): void {
    if (this.standing !== undefined) throw new TypeError('a telemetry observes one server: make another');
    const { measures, teardown, settled } = this;
    this.standing = new Standing({ ...settled, streams }, measures);
    teardown.add(observeStreams(measures, streams));
    teardown.add(observeGateway(measures, gateway, () => settled.scheduler.now()));
    teardown.add(observeRuns(measures, runEventsOf(streams)));
    teardown.add(observeProcess(measures));
    if (reaper !== undefined) measures.set(metrics.leasesHeld, () => reaper.held);
    if (refusals !== undefined) measures.set(metrics.refusals, () => seriesOf('reason', refusals.read()));
    if (this.journal !== undefined) teardown.add(narrate(this.journal, { streams, gateway }));
    teardown.add(this.options.exporter?.begin(this.exported(gateway)));
  }

  private exported(gateway: Exported['gateway']): Exported {
    const { catalogue, measures } = this;
    return { catalogue, gateway, read: () => this.read(), onRecord: (listener) => measures.onRecord(listener) };
  }

  write(level: keyof Logger, message: string, fields?: LogFields): void {
    this.journal?.write(level, message, fields);
  }

  async read(): Promise<readonly Family[]> {
    await this.standing?.refresh();
    return this.measures.read();
  }

  async prometheus(): Promise<string> {
    return writePrometheus(await this.read());
  }

  dispose(): void {
    this.teardown.unsubscribe();
  }
}

function seriesOf(attribute: string, counts: Readonly<Record<string, number>>): Series[] {
  return Object.entries(counts).map(([value, count]) => ({ attributes: { [attribute]: value }, value: count }));
}
