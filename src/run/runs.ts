import { filter, map, type Observable, type SchedulerLike } from 'rxjs';
import { type JsonValue, StreamError } from '../chunk/index.js';
import { holdLease, type Streams } from '../streams/index.js';
import { EventLog } from './event-log.js';
import { type RunEvent, runEvents, type RunEventType } from './event.js';
import { type AnswerOptions, lettersOf, parseLetter, post, RunInbox, waitingStep } from './inbox.js';
import { Journal } from './journal.js';
import { checkExecutionId, eventsOf, inboxOf, runOf, runStreams } from './names.js';
import type { Pipeline } from './pipeline.js';
import { runPipeline } from './run-pipeline.js';
import type { ValueOf } from './step.js';

/** Options of {@link createRuns}. */
export interface RunsOptions<S> {
  /** Where runs are kept, and read. */
  readonly streams: Streams;
  /** What steps are given to work with. */
  readonly services?: S;
  /**
   * How long a run whose process has died may be without another that takes it up: then a reaper ends it. `Infinity` where
   * something else sees to that, such as a queue. Default 30 000.
   */
  readonly leaseMs?: number;
  /** How long a run is kept behind its end. Default 3 600 000, an hour. */
  readonly keepMs?: number;
  /** Parses events: with kinds of your own, where steps emit such. Default `runEvents`. */
  readonly events?: { parse(value: unknown): unknown };
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
  /** A number from 0 up to 1. Default `Math.random`. */
  readonly random?: () => number;
}

/** Options of {@link Runs.start}. */
export interface StartOptions {
  /** Names the run: letters, digits and whatever else a segment of a stream's name may hold. Default: a random id. */
  readonly executionId?: string;
  /** Which session it belongs to, as information about its stream. */
  readonly session?: string;
}

/** A run in this process. */
export interface Run<O> {
  readonly executionId: string;
  /** What the last step put out; rejects as `runPipeline` does. */
  readonly result: Promise<O>;
}

/** Which events of a run to read. */
export interface EventFilter {
  readonly types?: readonly RunEventType[];
  /** Steps, and those within them. Events of the run itself are always among what is read. */
  readonly steps?: readonly string[];
}

/** Where a run stands. */
export interface RunInfo {
  readonly executionId: string;
  readonly pipeline: string;
  /** `lost`: its process died and nobody has taken it up. */
  readonly status: 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled' | 'lost';
  readonly input: JsonValue | undefined;
  /** What it came to, when it has completed. */
  readonly output?: JsonValue;
  /** Why not, when it has not. */
  readonly reason?: string;
  /** How many processes took it up. */
  readonly attempts: number;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** What it waits for. */
  readonly waiting: readonly { readonly step: string; readonly name: string; readonly details?: JsonValue }[];
}

/** Runs that are streams: kept, watched from anywhere, taken up by another process when theirs dies. */
export interface Runs<S> {
  /** Runs a pipeline. The run is in the log before its first step begins. */
  start<I, O>(pipeline: Pipeline<I, O, S>, input: I, options?: StartOptions): Run<ValueOf<O>>;

  /**
   * Takes up a run whose process is gone: finished steps are not run again, a step that was at work is, under its next attempt
   * and with what it saved. Whoever had the run until now is fenced. `run-not-found`; `pipeline-invalid` for another pipeline
   * than it began with. A run that has ended gives its result again.
   */
  resume<I, O>(pipeline: Pipeline<I, O, S>, executionId: string): Run<ValueOf<O>>;

  /** Asks a run to stop, from whatever process; kept until it hears it. Does nothing to one that has ended. */
  cancel(executionId: string, reason?: string, by?: string): Promise<void>;

  /** Answers a step that waits. `answer-refused` when none does, when it was answered before, or not by who may. */
  answer(executionId: string, name: string, value: JsonValue, options?: AnswerOptions): Promise<void>;

  /** The events of a run: those there are, then those that come, until its end. */
  events(executionId: string, filter?: EventFilter): Observable<RunEvent>;

  /** Where a run stands; `undefined` when there is none. */
  info(executionId: string): Promise<RunInfo | undefined>;

  /** The ids of the runs there are. */
  list(): Promise<readonly string[]>;
}

/**
 * Makes runs over streams.
 *
 * @example
 * const runs = createRuns({ streams: server.streams, services: { llm } });
 * const { executionId, result } = runs.start(answer, 'What is a sluice?');
 * runs.events(executionId, { types: ['step_output'] }).subscribe(({ data }) => show(data));
 */
export function createRuns<S = unknown>(options: RunsOptions<S>): Runs<S> {
  return new StreamRuns(options);
}

/** One life of a run is told from another by the upper bits of its epoch, and two that begin at once by the lower ones. */
const epochsPerLife = 2 ** 20;
const producer = 'run';

class StreamRuns<S> implements Runs<S> {
  private readonly streams: Streams;
  private readonly parse: (value: unknown) => RunEvent;

  constructor(private readonly options: RunsOptions<S>) {
    this.streams = options.streams;
    const { events = runEvents } = options;
    this.parse = (value) => events.parse(value) as RunEvent;
  }

  start<I, O>(pipeline: Pipeline<I, O, S>, input: I, options: StartOptions = {}): Run<ValueOf<O>> {
    const executionId = checkExecutionId(options.executionId ?? crypto.randomUUID());
    const begin = async (): Promise<ValueOf<O>> => {
      const { keepMs: ttlMs = 3_600_000 } = this.options;
      const { session } = options;
      await this.streams.create(eventsOf(executionId), {
        contentType: 'application/json',
        source: pipeline.name,
        ttlMs,
        ...(session === undefined ? {} : { session }),
      });
      try {
        return await this.live(pipeline, input, executionId, new Journal(), 0);
      } catch (error) {
        if (!(error instanceof TakenError)) throw error;
        throw new StreamError('stream-exists', `there is a run "${executionId}" already`, { cause: error.cause });
      }
    };
    return { executionId, result: begin() };
  }

  resume<I, O>(pipeline: Pipeline<I, O, S>, executionId: string): Run<ValueOf<O>> {
    const begin = async (): Promise<ValueOf<O>> => {
      for (;;) {
        const { journal, next } = await this.journalOf(executionId);
        if (journal.pipeline !== undefined && journal.pipeline !== pipeline.name) {
          const message = `run "${executionId}" is one of "${journal.pipeline}", not of "${pipeline.name}"`;
          throw new StreamError('pipeline-invalid', message);
        }
        if (journal.end !== undefined) return resultOf(journal.end) as ValueOf<O>;
        try {
          return await this.live(pipeline, journal.input as I, executionId, journal, next);
        } catch (error) {
          if (!(error instanceof TakenError)) throw error;
          // Whoever had it has written once more: that counts. But when another has taken it up, it is theirs.
          const { journal: now } = await this.journalOf(executionId);
          if (now.lives === journal.lives) continue;
          throw new StreamError('producer-fenced', `another has taken up run "${executionId}"`, { cause: error.cause });
        }
      }
    };
    return { executionId, result: begin() };
  }

  /** One life of a run. */
  private async live<I, O>(
    pipeline: Pipeline<I, O, S>,
    input: I,
    executionId: string,
    journal: Journal,
    at: number,
  ): Promise<ValueOf<O>> {
    const { leaseMs = 30_000, services, scheduler, random = Math.random } = this.options;
    const streamId = eventsOf(executionId);
    const cancel = new AbortController();
    const broken = new AbortController();
    const epoch = journal.lives * epochsPerLife + Math.floor(random() * epochsPerLife);
    const log = new EventLog(this.streams, streamId, { id: producer, epoch }, at, (error) => broken.abort(error));
    const inbox = await this.inbox(executionId, (reason) => cancel.abort(reason));
    const lease =
      leaseMs === Infinity
        ? undefined
        : holdLease(this.streams, streamId, { producer: { id: producer, epoch }, leaseMs, kept: () => log.count });
    try {
      const output = await runPipeline(pipeline, input, {
        executionId,
        sink: log,
        journal,
        inbox,
        signal: cancel.signal,
        broken: broken.signal,
        random,
        ...(services === undefined ? {} : { services }),
        ...(scheduler === undefined ? {} : { scheduler }),
      });
      await log.kept();
      return output;
    } catch (error) {
      if (log.count === 0 && isConflict(error)) throw new TakenError('taken', { cause: error });
      await log.kept();
      throw error;
    } finally {
      inbox.close();
      lease?.release();
    }
  }

  private async inbox(executionId: string, cancel: (reason: string | undefined) => void): Promise<RunInbox> {
    const streamId = inboxOf(executionId);
    await this.streams.create(streamId, { contentType: 'application/json' });
    const letters = this.streams.receive(streamId).pipe(map(({ data }) => parseLetter(data)));
    return new RunInbox(letters, cancel);
  }

  async cancel(executionId: string, reason?: string, by?: string): Promise<void> {
    const { journal } = await this.journalOf(executionId);
    if (journal.end !== undefined) return;
    await post(this.streams, executionId, {
      type: 'cancel',
      ...(reason === undefined ? {} : { reason }),
      ...(by === undefined ? {} : { by }),
    });
  }

  async answer(executionId: string, name: string, value: JsonValue, options: AnswerOptions = {}): Promise<void> {
    for (;;) {
      const { journal } = await this.journalOf(executionId);
      const { letters, next } = await lettersOf(this.streams, executionId);
      const step = waitingStep(journal, letters, name, options);
      const { by } = options;
      try {
        return await post(
          this.streams,
          executionId,
          { type: 'answer', step, name, value, ...(by === undefined ? {} : { by }) },
          next,
        );
      } catch (error) {
        // Somebody else has said something meanwhile: perhaps this.
        if (!isConflict(error)) throw error;
      }
    }
  }

  events(executionId: string, { types, steps }: EventFilter = {}): Observable<RunEvent> {
    const isWanted = ({ event_type: type, step_id: step }: RunEvent): boolean =>
      (types === undefined || types.includes(type)) &&
      (steps === undefined ||
        step === null ||
        steps.some((wanted) => step === wanted || step.startsWith(`${wanted}/`)));
    return this.streams.receive(eventsOf(executionId)).pipe(
      map(({ data }) => this.parse(data)),
      filter(isWanted),
    );
  }

  async info(executionId: string): Promise<RunInfo | undefined> {
    const stream = await this.streams.info(eventsOf(executionId));
    if (stream === undefined) return undefined;
    const { journal } = await this.journalOf(executionId);
    const { letters } = await lettersOf(this.streams, executionId);
    const isOpen = ({ step, name }: { step: string; name: string }): boolean =>
      !letters.some((said) => said.type === 'answer' && said.step === step && said.name === name);
    const waiting = journal.end === undefined ? journal.waiting.filter(isOpen) : [];
    return {
      executionId,
      pipeline: journal.pipeline ?? stream.source ?? '',
      input: journal.input,
      attempts: journal.lives,
      startedAt: journal.startedAt ?? stream.createdAt,
      waiting,
      ...stateOf(journal, stream.status !== 'active', waiting.length > 0),
    };
  }

  async list(): Promise<readonly string[]> {
    const streams = await this.streams.list(runStreams);
    return streams.map(({ streamId }) => runOf(streamId)).filter((id) => id !== undefined);
  }

  /** What the events of a run say of it, and where the next one would stand. */
  private async journalOf(executionId: string): Promise<{ journal: Journal; next: number }> {
    const streamId = eventsOf(executionId);
    const info = await this.streams.info(streamId);
    if (info === undefined) throw new StreamError('run-not-found', `there is no run "${executionId}"`);
    const journal = new Journal();
    if (info.next > info.first) {
      for await (const { data, seq } of this.streams.read(streamId)) {
        journal.add(this.parse(data));
        if (seq + 1 >= info.next) break;
      }
    }
    return { journal, next: info.next };
  }
}

/** Another has written before the first event of a life: nothing of this life is kept. */
class TakenError extends Error {}

function isConflict(error: unknown): error is StreamError {
  return error instanceof StreamError && ['append-conflict', 'producer-fenced', 'stream-closed'].includes(error.code);
}

/** What a run that has ended came to. */
function resultOf(end: RunEvent): unknown {
  switch (end.event_type) {
    case 'pipeline_complete':
      return end.data.output;
    case 'pipeline_cancelled':
      throw new StreamError('run-cancelled', end.data.reason ?? 'the run was cancelled');
    default:
      throw new StreamError('stream-failed', (end.data as { message: string }).message);
  }
}

function stateOf(
  journal: Journal,
  isOver: boolean,
  isWaiting: boolean,
): Pick<RunInfo, 'status' | 'output' | 'reason' | 'endedAt'> {
  const { end } = journal;
  if (end === undefined) return { status: isOver ? 'lost' : isWaiting ? 'waiting' : 'running' };
  const endedAt = end.timestamp;
  switch (end.event_type) {
    case 'pipeline_complete':
      return { status: 'completed', endedAt, ...(end.data.output === undefined ? {} : { output: end.data.output }) };
    case 'pipeline_cancelled':
      return { status: 'cancelled', endedAt, ...(end.data.reason === undefined ? {} : { reason: end.data.reason }) };
    default:
      return { status: 'failed', endedAt, reason: (end.data as { message: string }).message };
  }
}
