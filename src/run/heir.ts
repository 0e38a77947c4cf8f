import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { checkBound, StreamError } from '../chunk/index.js';
import type { LapsedLease, Streams } from '../streams/index.js';
import { runOf, runStreams } from './names.js';
import type { Pipeline } from './pipeline.js';
import { retried } from './retried.js';
import type { Run, Runs } from './runs.js';

/** Options of {@link createHeir}. */
export interface HeirOptions<S> {
  /** Where runs are kept. */
  readonly streams: Streams;
  /** What takes them up. */
  readonly runs: Pick<Runs<S>, 'resume'>;
  /** The pipelines whose runs are taken up. Those of others are left to others. */
  readonly pipelines: readonly Pipeline<never, unknown, S>[];
  /**
   * How many processes may have died at a run one after the other, no step of it getting any further: then it is left to the reaper,
   * for it may be what they died of. Default 5.
   */
  readonly maxDeaths?: number;
  /** Told of every run that goes on here. */
  readonly taken?: (run: Run<unknown>) => void;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
  /** A number from 0 up to 1. Default `Math.random`. */
  readonly random?: () => number;
}

/** Takes up runs that their processes have left. */
export interface Heir {
  /** For `createReaper({ lapsed })`: takes up the run whose lease it is, unless another process does. */
  readonly lapsed: (lease: LapsedLease) => void;
  /**
   * Takes up all runs that have not ended, where the log is one that no other process has: nobody is at work on them. Does nothing
   * elsewhere: there the leases tell. Resolves when they are known. @throws as the log does
   */
  takeAll(): Promise<void>;
  /** Takes up no more. */
  dispose(): void;
}

/** Runs that are being taken up at the same time: each is read from its beginning. */
const concurrency = 8;

/** A log that cannot be reached is asked again, about as long as the shortest lease that is worth it. */
const patience = { attempts: 6, delayMs: 250, maxDelayMs: 4000 };

/**
 * Makes an heir: runs whose process has died, or has lost its log, go on in this one, each from its last checkpoint. Any number of
 * heirs may watch the same log; exactly one gets each run. One that cannot be taken up, for the pipeline is another or the run has
 * ended, is left alone.
 *
 * @example
 * const heir = createHeir({ streams, runs, pipelines: [answer] });
 * createReaper(streams, { lapsed: heir.lapsed });
 * await heir.takeAll();
 */
export function createHeir<S>(options: HeirOptions<S>): Heir {
  checkBound('maxDeaths', options.maxDeaths ?? 5, { infinite: true });
  return new RunHeir(options);
}

class RunHeir<S> implements Heir {
  private readonly pipelines: ReadonlyMap<string, Pipeline<never, unknown, S>>;
  private readonly waiting: { readonly executionId: string; readonly heirOf?: number }[] = [];
  private readonly over = new AbortController();
  private working = 0;

  constructor(private readonly options: HeirOptions<S>) {
    this.pipelines = new Map(options.pipelines.map((one) => [one.name, one]));
  }

  readonly lapsed = ({ streamId, epoch }: LapsedLease): void => {
    const executionId = runOf(streamId);
    if (executionId === undefined || this.pipelines.size === 0) return;
    this.waiting.push({ executionId, heirOf: epoch });
    void this.work();
  };

  async takeAll(): Promise<void> {
    const { streams } = this.options;
    if (streams.log.exclusive !== true || this.pipelines.size === 0) return;
    for (const { streamId, status } of await streams.list(runStreams)) {
      const executionId = runOf(streamId);
      if (executionId !== undefined && status === 'active') this.waiting.push({ executionId });
    }
    for (let i = 0; i < concurrency; i++) void this.work();
  }

  dispose(): void {
    this.over.abort();
    this.waiting.length = 0;
  }

  private async work(): Promise<void> {
    if (this.working >= concurrency) return;
    this.working++;
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      const { executionId, heirOf } = next;
      try {
        await this.patiently(async () => await this.take(executionId, heirOf));
      } catch {
        // Another has it, it has ended, or it cannot be read: a reaper sees to what nobody can take up.
      }
    }
    this.working--;
  }

  private async take(executionId: string, heirOf: number | undefined): Promise<void> {
    const { streams, runs, maxDeaths = 5, taken = () => {} } = this.options;
    const info = await streams.info(runStreams + executionId);
    const pipeline = this.pipelines.get(info?.source ?? '');
    if (info?.status !== 'active' || pipeline === undefined) return;
    const run = runs.resume(pipeline, executionId, { maxDeaths, ...(heirOf === undefined ? {} : { heirOf }) });
    await run.begun;
    taken(run);
  }

  private async patiently(work: () => Promise<void>): Promise<void> {
    const { scheduler = asyncScheduler, random = Math.random } = this.options;
    await retried(work, {
      ...patience,
      retryOn: (error) => error instanceof StreamError && error.code === 'log-unavailable',
      signal: this.over.signal,
      scheduler,
      random,
      waiting: () => {},
    });
  }
}
