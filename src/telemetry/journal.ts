import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { checkBound } from '../chunk/index.js';
import { clean } from './clean.js';
import type { LogFields, Logger } from './logger.js';

/** @internal Options of {@link Journal}. */
export interface JournalOptions {
  /** Lines in one second; more are counted, and not written. Default 100. */
  readonly maxLinesPerSecond?: number;
  /** The clock. Default `asyncScheduler`. */
  readonly scheduler?: Pick<SchedulerLike, 'now'>;
}

/**
 * Writes lines: what strangers say is cleaned, a flood is cut short, and a logger that throws harms nobody.
 *
 * @internal
 */
export class Journal {
  /** Lines that were not written because there were too many. */
  dropped = 0;
  /** Lines in which something of a stranger's was not written as he said it. */
  cleaned = 0;
  private readonly most: number;
  private readonly scheduler: Pick<SchedulerLike, 'now'>;
  private second = -Infinity;
  private written = 0;
  private untold = 0;

  constructor(
    private readonly logger: Logger,
    options: JournalOptions = {},
  ) {
    this.most = checkBound('maxLinesPerSecond', options.maxLinesPerSecond ?? 100);
    this.scheduler = options.scheduler ?? asyncScheduler;
  }

  /** Writes a line, or leaves it out. */
  write(level: keyof Logger, message: string, fields: LogFields = {}): void {
    const second = Math.floor(this.scheduler.now() / 1000);
    if (second !== this.second) this.begin(second);
    if (this.written >= this.most) {
      this.dropped++;
      this.untold++;
      return;
    }
    this.written++;
    this.put(level, message, fields);
  }

  private begin(second: number): void {
    this.second = second;
    this.written = 0;
    if (this.untold === 0) return;
    const lines = this.untold;
    this.untold = 0;
    this.put('warn', 'lines were left out', { lines });
  }

  private put(level: keyof Logger, message: string, fields: LogFields): void {
    const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
    const written = entries.map(([name, value]) => [name, typeof value === 'string' ? clean(value) : value] as const);
    if (written.some(([, value], at) => value !== entries[at]![1])) this.cleaned++;
    try {
      this.logger[level](Object.fromEntries(written) as LogFields, message);
    } catch {
      // Whoever cannot log has nobody to tell.
    }
  }
}
