import { asyncScheduler, concatMap, defer, filter, from, map, type Observable, type SchedulerLike } from 'rxjs';
import { checkBound, jsonProblem, type JsonValue, type PayloadKinds, StreamError } from '../chunk/index.js';
import type { Streams } from '../streams/index.js';
import { type RunEvent, runEvents, type RunEvents, type RunEventType } from './event.js';
import { type AnswerOptions, waitingStep } from './inbox.js';
import { isAskedFor } from './is-asked-for.js';
import { Journal } from './journal.js';
import { lettersOf, post } from './letter.js';
import { closeInbox, createRun, isConflict, Life, type LifeSettings, runExists, TakenError } from './life.js';
import { listRuns, type ListRunsOptions, type RunPage } from './list-runs.js';
import { checkExecutionId, eventsOf } from './names.js';
import type { Pipeline } from './pipeline.js';
import { checkServices } from './run-pipeline.js';
import { infoOf, resultOf, type RunInfo } from './run-info.js';
import { valueOf } from './outcome.js';
import { isLost, readRun, type RunRecord } from './read-run.js';
import type { ValueOf } from './step.js';

/** Options of {@link createRuns}. */
export interface RunsOptions<S> {
  /** Where runs are kept, and read. */
  readonly streams: Streams;
  /** What steps are given to work with. */
  readonly services?: S;
  /**
   * How long the process of a run counts as alive without a word. Then an heir may take the run up, and after as long again a
   * reaper ends it. `Infinity` where something else sees to that, such as a queue. Default 30 000.
   */
  readonly leaseMs?: number;
  /** How long a run is kept behind its end. Default 3 600 000, an hour. */
  readonly keepMs?: number;
  /** Outputs of more bytes are not kept: a step that has such a one is run again after a crash. Default 4 194 304. */
  readonly maxEventBytes?: number;
  /**
   * Which streams a text `stream:NAME`, given to a step, stands for, beside those of the run itself. Whoever says what a run is
   * asked says such names, too: allow what they may read. Default: none.
   */
  readonly references?: (streamId: string) => boolean;
  /** Checks events: those of your own kinds, too, where it knows them. Default `runEvents`. */
  readonly events?: Pick<RunEvents<PayloadKinds>, 'accept'>;
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
  /** Whose it is, as information about its stream: who may read it, where that is asked. Default: nobody's. */
  readonly owner?: string;
}

/** Options of {@link Runs.resume}. */
export interface ResumeOptions {
  /**
   * The epoch of whoever had the run, as a reaper tells it of a lease that has lapsed: of all processes that take the run up because
   * of that exactly one does, and the others are refused with `producer-fenced`. Default: this process goes above whoever has it.
   */
  readonly heirOf?: number;
  /**
   * How many processes may have died at the run one after the other, no step getting any further: then it is refused with
   * `stream-failed`, for it may be what they died of. Default `Infinity`.
   */
  readonly maxDeaths?: number;
}

/** Options of {@link Runs.leave}. */
export interface LeaveOptions {
  /** How long steps at work may take to finish, in milliseconds; 0: they are broken off at once. Default 10 000. */
  readonly withinMs?: number;
}

/** A run in this process. */
export interface Run<O> {
  readonly executionId: string;
  /** Resolves when the run is in the log; rejects when it never will be. */
  readonly begun: Promise<void>;
  /** What the last step put out; rejects as `runPipeline` does, and with `run-left` when this process leaves it to another. Nobody has to wait for it: the events tell of it as well. */
  readonly result: Promise<O>;
}

/** Which events of a run to read. */
export interface EventFilter {
  readonly types?: readonly RunEventType[];
  /** Steps, and those within them. Events of the run itself are always among what is read. */
  readonly steps?: readonly string[];
}

/** Runs that are streams: kept, watched from anywhere, taken up by another process when theirs dies. */
export interface Runs<S> {
  /** Runs a pipeline. The run is in the log before its first step begins. @throws TypeError when the input is not JSON */
  start<I, O>(pipeline: Pipeline<I, O, S>, input: I, options?: StartOptions): Run<ValueOf<O>>;

  /**
   * Takes up a run whose process is gone: finished steps are not run again, a step that was at work is, under its next attempt
   * and with what it saved. Whoever had the run until now is fenced. `run-not-found`; `pipeline-invalid` for another pipeline
   * than it began with; `stream-failed` when a reaper has given it up. A run that has ended gives its result again.
   */
  resume<I, O>(pipeline: Pipeline<I, O, S>, executionId: string, options?: ResumeOptions): Run<ValueOf<O>>;

  /** Asks a run to stop, from whatever process; kept until it hears it. Does nothing to one that has ended. */
  cancel(executionId: string, reason?: string, by?: string): Promise<void>;

  /** Answers a step that waits. `answer-refused` when none does, when it was answered before, or not by who may. */
  answer(executionId: string, name: string, value: JsonValue, options?: AnswerOptions): Promise<void>;

  /** The events of a run: those there are, then those that come, until its end. */
  events(executionId: string, filter?: EventFilter): Observable<RunEvent>;

  /** Where a run stands; `undefined` when there is none. */
  info(executionId: string): Promise<RunInfo | undefined>;

  /**
   * Leaves all runs of this process to others, which take them up at once: none is started or taken up here any more (`run-left`), and no
   * step begins. Those at work may finish; then they are broken off, and begun again by whoever goes on, as are those that wait for
   * an answer. Resolves when all that was done is kept and nothing goes on here.
   */
  leave(options?: LeaveOptions): Promise<void>;

  /** Where the runs stand that there are, a page of them, the newest first. A run `waits` if that is among the last it has told. */
  list(options?: ListRunsOptions): Promise<RunPage>;
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

class StreamRuns<S> implements Runs<S> {
  private readonly streams: Streams;
  private readonly parse: (value: unknown) => RunEvent;
  private readonly settings: LifeSettings<S>;
  private readonly beginning = new Map<string, Promise<void>>();
  /** What goes on here, and those of it that have begun to. */
  private readonly going = new Set<Promise<unknown>>();
  private readonly lives = new Set<Life<S>>();
  private leaving = false;

  constructor(options: RunsOptions<S>) {
    const { streams, events = runEvents, services, scheduler, random = Math.random } = options;
    this.streams = streams;
    this.parse = (value) => events.accept(value) as unknown as RunEvent;
    this.settings = {
      streams,
      leaseMs: checkBound('leaseMs', options.leaseMs ?? 30_000, { max: maxLeaseMs, infinite: true }),
      keepMs: checkBound('keepMs', options.keepMs ?? 3_600_000, { infinite: true }),
      maxEventBytes: checkBound('maxEventBytes', options.maxEventBytes ?? 2 ** 22, { infinite: true }),
      references: options.references ?? (() => false),
      random,
      ...(services === undefined ? {} : { services }),
      ...(scheduler === undefined ? {} : { scheduler }),
    };
  }

  start<I, O>(pipeline: Pipeline<I, O, S>, input: I, options: StartOptions = {}): Run<ValueOf<O>> {
    const { executionId: id, session, owner } = options;
    const executionId = checkExecutionId(id ?? crypto.randomUUID());
    const problem = input === undefined ? undefined : jsonProblem(input);
    if (problem !== undefined) throw new TypeError(`input of a run must be JSON but ${problem}`);
    const run = this.runOf(executionId, async (begun) => {
      checkServices(pipeline.definition, this.settings.services);
      const about = {
        source: pipeline.name,
        ...(session === undefined ? {} : { session }),
        ...(owner === undefined ? {} : { owner }),
      };
      await createRun(this.settings, executionId, about, id !== undefined);
      const life = this.live(executionId, 0);
      try {
        return await life.run(pipeline, input, new Journal(), 0, begun);
      } catch (error) {
        throw error instanceof TakenError ? runExists(executionId, error.cause) : error;
      } finally {
        this.letGo(life);
      }
    });
    this.noteBeginning(run);
    return run;
  }

  /** Whoever starts a run may watch it at once, though it is not in the log yet. */
  private noteBeginning({ executionId, begun }: Run<unknown>): void {
    const settled = async (): Promise<void> => {
      try {
        await begun;
      } catch {
        // Whoever asks for its events is told that there are none.
      }
      if (this.beginning.get(executionId) === beginning) this.beginning.delete(executionId);
    };
    const beginning = settled();
    this.beginning.set(executionId, beginning);
  }

  resume<I, O>(
    pipeline: Pipeline<I, O, S>,
    executionId: string,
    { heirOf, maxDeaths = Infinity }: ResumeOptions = {},
  ): Run<ValueOf<O>> {
    checkExecutionId(executionId);
    return this.runOf(executionId, async (begun) => {
      checkServices(pipeline.definition, this.settings.services);
      const before = await this.open(pipeline, executionId);
      if (before.journal.end !== undefined) return (await this.ended(before, executionId)) as ValueOf<O>;
      if (before.journal.deaths >= maxDeaths) {
        throw new StreamError('stream-failed', `${before.journal.deaths} processes have died at run "${executionId}"`);
      }
      const life = this.live(executionId, before.journal.lives, heirOf);
      try {
        await life.fence();
        // Whoever had it may have written until now.
        const now = await this.open(pipeline, executionId);
        const { journal, stream } = now;
        if (journal.end !== undefined) return (await this.ended(now, executionId)) as ValueOf<O>;
        return await life.run(pipeline, journal.input as I, journal, stream.next, begun);
      } catch (error) {
        if (!(error instanceof TakenError)) throw error;
        throw new StreamError('producer-fenced', `another has taken up run "${executionId}"`, { cause: error.cause });
      } finally {
        this.letGo(life);
      }
    });
  }

  /** A run that goes on here, unless this process leaves. */
  private runOf<O>(executionId: string, work: (begun: () => void) => Promise<O>): Run<O> {
    const run = runOfWork(executionId, async (begun) => {
      if (this.leaving)
        throw new StreamError('run-left', `run "${executionId}" does not go on here: this process leaves`);
      return await work(begun);
    });
    const over = run.result.catch(() => {}).finally(() => this.going.delete(over));
    this.going.add(over);
    return run;
  }

  private live(executionId: string, lives: number, heirOf?: number): Life<S> {
    const life = new Life(this.settings, executionId, lives, heirOf);
    this.lives.add(life);
    life.hold();
    // It was asked for before, and is in the log: another goes on with it.
    if (this.leaving) life.cut();
    return life;
  }

  private letGo(life: Life<S>): void {
    life.leave();
    this.lives.delete(life);
  }

  async leave({ withinMs = 10_000 }: LeaveOptions = {}): Promise<void> {
    checkBound('withinMs', withinMs, { min: 0, max: 2 ** 31 - 1 });
    const { scheduler = asyncScheduler } = this.settings;
    this.leaving = true;
    for (const life of this.lives) life.handOver();
    const cut = scheduler.schedule(() => this.lives.forEach((life) => life.cut()), withinMs);
    while (this.going.size > 0) await Promise.all(this.going);
    cut.unsubscribe();
  }

  /** A run that may be gone on with, or has come to its end. */
  private async open(pipeline: Pipeline<never, unknown, S>, executionId: string): Promise<RunRecord> {
    const run = await this.read(executionId);
    const { pipeline: name } = run.journal;
    if (name === undefined) throw new StreamError('run-not-found', `run "${executionId}" has not begun`);
    if (name !== pipeline.name) {
      throw new StreamError('pipeline-invalid', `run "${executionId}" is one of "${name}", not of "${pipeline.name}"`);
    }
    if (isLost(run)) {
      throw new StreamError(
        'stream-failed',
        `run "${executionId}" was given up: ${run.stream.reason ?? 'nobody had it'}`,
      );
    }
    return run;
  }

  /** The result of a run that has ended. */
  private async ended({ journal }: RunRecord, executionId: string): Promise<unknown> {
    await closeInbox(this.streams, executionId);
    return await new Life(this.settings, executionId, 0).resolved(valueOf(resultOf(journal.end!)));
  }

  private async read(executionId: string): Promise<RunRecord> {
    return await readRun(this.streams, checkExecutionId(executionId), this.parse);
  }

  async cancel(executionId: string, reason?: string, by?: string): Promise<void> {
    const stream = await this.streams.info(eventsOf(executionId));
    if (stream === undefined) throw new StreamError('run-not-found', `there is no run "${executionId}"`);
    if (stream.status !== 'active') return;
    try {
      await post(this.streams, executionId, {
        type: 'cancel',
        ...(reason === undefined ? {} : { reason }),
        ...(by === undefined ? {} : { by }),
      });
    } catch (error) {
      // It has ended since it was looked at.
      if (!isConflict(error)) throw error;
    }
  }

  async answer(executionId: string, name: string, value: JsonValue, options: AnswerOptions = {}): Promise<void> {
    const problem = jsonProblem(value);
    if (problem !== undefined) throw new TypeError(`an answer must be JSON but ${problem}`);
    const { by } = options;
    for (;;) {
      const run = await this.read(executionId);
      const { letters, next } = await lettersOf(this.streams, executionId);
      if (isLost(run)) throw new StreamError('answer-refused', `"${name}" comes too late: the run was given up`);
      const step = waitingStep(run.journal, letters, name, options);
      try {
        const said = { type: 'answer', step, name, value, ...(by === undefined ? {} : { by }) } as const;
        return await post(this.streams, executionId, said, next);
      } catch (error) {
        // Somebody else has said something meanwhile, perhaps this; or the run has ended.
        if (!isConflict(error)) throw error;
      }
    }
  }

  events(executionId: string, wanted: EventFilter = {}): Observable<RunEvent> {
    const streamId = eventsOf(executionId);
    const chunks = defer(() => {
      const beginning = this.beginning.get(executionId);
      const stream = this.streams.receive(streamId);
      return beginning === undefined ? stream : from(beginning).pipe(concatMap(() => stream));
    });
    return chunks.pipe(
      map(({ data }) => this.parse(data)),
      filter((event) => isAskedFor(event, wanted)),
    );
  }

  async info(executionId: string): Promise<RunInfo | undefined> {
    if ((await this.streams.info(eventsOf(executionId))) === undefined) return undefined;
    const run = await this.read(executionId);
    const { letters } = await lettersOf(this.streams, executionId);
    return infoOf(executionId, run, letters);
  }

  async list(options?: ListRunsOptions): Promise<RunPage> {
    const { streams, parse, settings } = this;
    const { scheduler = asyncScheduler } = settings;
    return await listRuns({ streams, parse, now: () => scheduler.now() }, options);
  }
}

const maxLeaseMs = 1_000_000_000;

/** A run, by the work it is. Nobody has to hear how it ends. */
function runOfWork<O>(executionId: string, work: (begun: () => void) => Promise<O>): Run<O> {
  let isBegun = (): void => {};
  const kept = new Promise<void>((resolve) => (isBegun = resolve));
  const result = work(isBegun);
  const over = async (): Promise<void> => void (await result);
  const begun = Promise.race([kept, over()]);
  result.catch(() => {});
  begun.catch(() => {});
  return { executionId, begun, result };
}
