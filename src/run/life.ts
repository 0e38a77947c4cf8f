import { asyncScheduler, filter, map, type SchedulerLike } from 'rxjs';
import { ownerKey } from '../auth/auth.js';
import { StreamError } from '../chunk/index.js';
import { holdLease, type Lease, type Streams } from '../streams/index.js';
import { EventLog } from './event-log.js';
import { RunInbox } from './inbox.js';
import type { Journal } from './journal.js';
import { letterOf, lettersOf } from './letter.js';
import { eventsOf, inboxOf, ownedBy } from './names.js';
import type { Pipeline } from './pipeline.js';
import { References } from './references.js';
import { runPipeline } from './run-pipeline.js';
import type { ValueOf } from './step.js';
import { Stop } from './stop.js';

/** @internal What all runs of a process share. */
export interface LifeSettings<S> {
  readonly streams: Streams;
  readonly services?: S;
  readonly leaseMs: number;
  readonly keepMs: number;
  readonly maxEventBytes: number;
  readonly references: (streamId: string) => boolean;
  readonly scheduler?: SchedulerLike;
  readonly random: () => number;
}

/** Lives of a run are told apart by the upper bits of their epochs, and two that begin at once by the lower ones. */
const epochsPerLife = 2 ** 20;
const producer = 'run';

/** In a stream's metadata: nobody ends it because nothing is written to it for a while. A run may wait for a person. */
const neverStale = { 'sluice.staleMs': null };

/** @internal A life of a run did not begin: others have written before its first event. */
export class TakenError extends Error {}

/**
 * One life of a run: in this process, from when it begins or is taken up until it has ended or is taken over.
 *
 * @internal
 */
export class Life<S> {
  private epoch: number;
  private lease: Lease | undefined;
  private log: EventLog | undefined;
  private readonly leaving = new Stop();
  private readonly broken = new Stop();

  /**
   * @param lives - how many there were before
   * @param heirOf - the epoch of the dead, where others may want to take its place as well: one of them does
   */
  constructor(
    private readonly settings: LifeSettings<S>,
    private readonly executionId: string,
    lives: number,
    private readonly heirOf?: number,
  ) {
    // Heirs have the same epoch, so that the log keeps the first word of one of them and takes those of the others for repeats.
    this.epoch =
      heirOf === undefined ? lives * epochsPerLife + Math.floor(settings.random() * epochsPerLife) : heirOf + 1;
  }

  /** Says that this process looks after the run. */
  hold(): void {
    const { streams, leaseMs, scheduler } = this.settings;
    if (leaseMs === Infinity) return;
    this.lease = holdLease(streams, eventsOf(this.executionId), {
      producer: { id: producer, epoch: this.epoch },
      leaseMs,
      heirMs: leaseMs,
      kept: () => this.log?.count ?? 0,
      ...(scheduler === undefined ? {} : { scheduler }),
    });
  }

  /** Whoever had the run until now writes no more. */
  async fence(): Promise<void> {
    for (;;) {
      try {
        await this.say();
        return;
      } catch (error) {
        const { code, details } = error as StreamError;
        if (code !== 'producer-fenced') throw error;
        if (this.heirOf !== undefined) throw new TakenError('taken', { cause: error });
        // Somebody was here before, and perhaps died before telling: of two that are alive the later one goes on.
        this.epoch = details.expected! + 1;
        this.leave();
        this.hold();
      }
    }
  }

  /** Says nothing, as this life. */
  private async say(): Promise<void> {
    const { streams } = this.settings;
    await streams.append(eventsOf(this.executionId), [], {
      producer: { id: producer, epoch: this.epoch, seq: 0 },
      create: false,
    });
  }

  /** Runs the pipeline, from where the journal says. `at` is the number of this life's first event. */
  async run<I, O>(
    pipeline: Pipeline<I, O, S>,
    input: I,
    journal: Journal,
    at: number,
    begun: () => void,
  ): Promise<ValueOf<O>> {
    const { settings, executionId, epoch, leaving, broken } = this;
    const { streams, services, scheduler, random, maxEventBytes } = settings;
    const cancel = new AbortController();
    const log = new EventLog({
      streams,
      streamId: eventsOf(executionId),
      producer: { id: producer, epoch },
      at,
      maxEventBytes,
      contested: this.heirOf !== undefined,
      broken: (error) => broken.stop(error),
    });
    this.log = log;
    const cancelled = (reason: string | undefined): void => cancel.abort(reason);
    let inbox: RunInbox | undefined;
    try {
      inbox = await this.inbox(cancelled);
      // Whether what was done is undone because it was cancelled must be known before.
      if (journal.undoing) await this.heedCancel(cancelled);
      const output = runPipeline(pipeline, input, {
        executionId,
        sink: log,
        outline: true,
        journal,
        inbox,
        references: this.references(),
        signal: cancel.signal,
        broken,
        leaving,
        random,
        ...(services === undefined ? {} : { services }),
        ...(scheduler === undefined ? {} : { scheduler }),
      });
      output.catch(() => {});
      await log.kept();
      begun();
      const result = await output;
      await log.kept();
      await this.over();
      return result;
    } catch (error) {
      if (broken.stopped && log.count === 0 && isConflict(error)) throw new TakenError('taken', { cause: error });
      if (leaving.isWhy(error)) await this.giveBack(log);
      else {
        await log.kept();
        if (inbox !== undefined) await this.over();
      }
      throw error;
    } finally {
      inbox?.close();
    }
  }

  private async heedCancel(cancel: (reason: string | undefined) => void): Promise<void> {
    const { letters } = await lettersOf(this.settings.streams, this.executionId);
    for (const said of letters) if (said.type === 'cancel') cancel(said.reason);
  }

  /** Begins no step any more: when those at work are done, the run is another's. */
  handOver(): void {
    this.leaving.stop(new StreamError('run-left', `this process leaves run "${this.executionId}" to another`));
  }

  /** Breaks off what is at work: whoever goes on with the run begins it again. */
  cut(): void {
    this.handOver();
    this.broken.stop(this.leaving.error);
  }

  /** All that was done here is known, and whoever would go on may do so at once. */
  private async giveBack(log: EventLog): Promise<void> {
    const { streams, scheduler = asyncScheduler } = this.settings;
    const of = { execution_id: this.executionId, step_id: null, timestamp: scheduler.now() };
    log.next({ event_type: 'pipeline_handover', ...of, data: {} });
    await log.kept();
    // Where no other process can have the log, nobody is there to hear it; who has it next takes up all there is.
    if (streams.log.exclusive !== true) await this.lease?.handOver();
  }

  /** This process has no more to do with the run: if it is not over, a reaper ends it, unless another takes it up. */
  leave(): void {
    this.lease?.lapse();
  }

  /** What a value stands for, if it is the name of a stream of the run. */
  async resolved(value: unknown): Promise<unknown> {
    return await this.references().resolved(value);
  }

  private async over(): Promise<void> {
    this.lease?.release();
    await closeInbox(this.settings.streams, this.executionId);
  }

  private references(): References {
    const { settings, executionId } = this;
    const { streams, leaseMs, keepMs: ttlMs, scheduler = asyncScheduler } = settings;
    const own = ownedBy(executionId);
    const mayRead = (streamId: string): boolean => streamId.startsWith(own) || settings.references(streamId);
    return new References({ streams, executionId, mayRead, leaseMs, ttlMs, scheduler });
  }

  private async inbox(cancel: (reason: string | undefined) => void): Promise<RunInbox> {
    const { streams, keepMs: ttlMs } = this.settings;
    const streamId = inboxOf(this.executionId);
    await streams.create(streamId, { contentType: 'application/json', ttlMs, metadata: neverStale });
    const letters = streams.receive(streamId).pipe(
      map(letterOf),
      filter((said) => said !== undefined),
    );
    return new RunInbox(letters, cancel);
  }
}

/** What a run is created with. */
interface RunAbout {
  readonly source: string;
  readonly session?: string;
  readonly owner?: string;
}

/**
 * @internal Creates the stream of a run's events. What is left of a removed run of its id is removed as well: it was somebody else's.
 *
 * @param isChosen - somebody chose the id, so that there may have been another. Default: it may be so
 * @throws {@link StreamError} `stream-exists`
 */
export async function createRun(
  { streams, keepMs: ttlMs }: Pick<LifeSettings<never>, 'streams' | 'keepMs'>,
  executionId: string,
  { owner, ...about }: RunAbout,
  isChosen = true,
): Promise<void> {
  const streamId = eventsOf(executionId);
  // Before it is known that there is no run: what comes later may belong to one that begins at this moment.
  const left = isChosen ? await streams.list(ownedBy(executionId)) : [];
  const known = await streams.info(streamId);
  // Whoever created it may have died before the first event: then it is nobody's.
  if (known !== undefined && (known.next > 0 || known.status !== 'active')) throw runExists(executionId);
  if (known === undefined)
    await Promise.all(left.map(async ({ streamId: name, life }) => await streams.delete(name, life)));
  const metadata = owner === undefined ? neverStale : { ...neverStale, [ownerKey]: owner };
  await streams.create(streamId, { contentType: 'application/json', ttlMs, metadata, ...about });
}

/** @internal */
export function runExists(executionId: string, cause?: unknown): StreamError {
  return new StreamError('stream-exists', `there is a run "${executionId}" already`, { cause });
}

/** @internal Nothing more can be said to a run. */
export async function closeInbox(streams: Streams, executionId: string): Promise<void> {
  try {
    await streams.close(inboxOf(executionId), 'completed');
  } catch {
    // Closed before, or the log has gone: the run is over all the same.
  }
}

/** @internal Whether somebody else has written, or ended what was to be written to. */
export function isConflict(error: unknown): error is StreamError {
  return error instanceof StreamError && ['append-conflict', 'producer-fenced', 'stream-closed'].includes(error.code);
}
