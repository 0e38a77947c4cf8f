import { asyncScheduler, type SchedulerLike, Subscription } from 'rxjs';
import { checkBound, type StreamError, toStreamError } from '../chunk/index.js';
import { attempt, type Log, whenReady } from '../log/log.js';

/** Options of {@link watchLog}. */
export interface LogWatchOptions {
  readonly log: Pick<Log, 'info'>;
  /** How often the log is asked, in milliseconds. Default 1 000. */
  readonly everyMs?: number;
  /** How long it may take to answer before it is out of reach, in milliseconds. Default 5 000. */
  readonly patienceMs?: number;
  /** Clock and timers. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
  /** The log cannot be reached. Called once, until it is `found` again. */
  readonly lost: (reason: string) => void;
  /** The log answers again. */
  readonly found: () => void;
}

/** A stream there need not be: what matters is that there is an answer. */
const asked = 'sluice/server/pulse';

/**
 * Asks a log for a sign of life from time to time, and tells when it is out of reach: those who wait for it here can then be sent to
 * where it may not be.
 *
 * @returns stops
 */
export function watchLog(options: LogWatchOptions): () => void {
  const { log, scheduler = asyncScheduler, lost, found } = options;
  const everyMs = checkBound('everyMs', options.everyMs ?? 1000);
  const patienceMs = checkBound('patienceMs', options.patienceMs ?? 5000);
  const timers = new Subscription();
  let away = false;
  const turn = (next: boolean, reason = ''): void => {
    if (timers.closed || away === next) return;
    away = next;
    if (next) lost(reason);
    else found();
  };
  const later = (work: () => void, ms: number): Subscription => {
    const timer = scheduler.schedule(() => {
      timers.remove(timer);
      work();
    }, ms);
    timers.add(timer);
    return timer;
  };
  const ask = (): void => {
    const silence = later(() => turn(true, `the log has not answered for ${patienceMs} ms`), patienceMs);
    const answered = (error?: StreamError): void => {
      silence.unsubscribe();
      timers.remove(silence);
      // Any other refusal is an answer.
      if (error?.code === 'log-unavailable') turn(true, error.message);
      else turn(false);
      if (!timers.closed) later(ask, everyMs);
    };
    attempt(
      () => whenReady(log.info(asked), () => answered()),
      (error) => answered(toStreamError(error, 'internal')),
    );
  };
  later(ask, everyMs);
  return () => timers.unsubscribe();
}
