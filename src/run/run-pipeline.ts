import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { StreamError } from '../chunk/index.js';
import type { Inbox } from './context.js';
import { Earlier } from './earlier.js';
import { Execution } from './execution.js';
import { Journal } from './journal.js';
import type { Output } from './live.js';
import { outcomeOf } from './outcome.js';
import type { Pipeline, PipelineDefinition } from './pipeline.js';
import { Recorder, type RunSink, troubleOf } from './recorder.js';
import type { References } from './references.js';
import type { Scope } from './run-step.js';
import type { ValueOf } from './step.js';
import { Stop } from './stop.js';
import { undo } from './undo.js';

/** Options of {@link runPipeline}. */
export interface RunPipelineOptions<S> {
  /** What steps are given to work with. */
  readonly services?: S;
  /** Cancels the run. Its reason, when it is a text, is the run's. */
  readonly signal?: AbortSignal;
  /** Names the run. Default: a random id. */
  readonly executionId?: string;
  /** Takes the events. Default: none are made. */
  readonly sink?: RunSink;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
  /** A number from 0 up to 1, for waits before retries. Default `Math.random`. */
  readonly random?: () => number;
  /** @internal Tell of begin and end also where streaming is off. */
  readonly outline?: boolean;
  /** @internal Stops when events are not kept any more, with why, or are to be kept by another process: the run fails with that. */
  readonly broken?: Stop;
  /** @internal Stops when this process is to begin no step any more, with why: the run fails with that when those at work are done. */
  readonly leaving?: Stop;
  /** @internal What earlier lives of the run have done. */
  readonly journal?: Journal;
  /** @internal Where answers come from. */
  readonly inbox?: Inbox;
  /** @internal Streams that stand for values. */
  readonly references?: References;
}

/**
 * Runs a pipeline to its end, in this process.
 *
 * When a step fails for good, or the signal aborts, all that is at work is told to stop and not waited for; what finished steps
 * did is undone where they say how, the latest first.
 *
 * @returns what the last step put out
 * @throws what the step threw; {@link StreamError} `run-cancelled` when the signal aborted, `step-timeout` for a step that
 * took too long; `pipeline-invalid`, before anything has begun, when a service is missing that the pipeline needs
 *
 * @example
 * const text = await runPipeline(answer, 'What is a sluice?', { services: { llm } });
 */
export async function runPipeline<I, O, S>(
  pipeline: Pipeline<I, O, S>,
  input: I,
  options: RunPipelineOptions<S> = {},
): Promise<ValueOf<O>> {
  const { definition } = pipeline as { definition: PipelineDefinition };
  checkServices(definition, options.services);
  const { scheduler = asyncScheduler, journal = new Journal(), random = Math.random } = options;
  const { services, inbox, references, sink, broken = new Stop(), leaving = new Stop(), outline = false } = options;
  const executionId = options.executionId ?? crypto.randomUUID();
  const stop = new Stop();
  const recorder = new Recorder(executionId, definition.streaming, scheduler, sink, outline, (error) =>
    stop.stop(error),
  );
  const scope: Scope = { recorder, journal, services, stop, leaving, broken, scheduler, random, inbox, references };
  broken.onStop((error) => stop.stop(error));
  const cancelled = follow(options.signal, stop);
  const begunAt = recorder.tellsRun ? recorder.now() : 0;
  const lasted = (): { duration_ms: number } => ({ duration_ms: recorder.now() - (journal.startedAt ?? begunAt) });
  if (recorder.tellsRun) tellStart(recorder, definition, input, journal);
  const execution = new Execution(scope);
  try {
    resumeUndoing(journal, stop);
    const earlier = definition.refers === true ? Earlier.of(input) : undefined;
    const output = await execution.walk(definition.root, input, earlier);
    if (stop.stopped) throw stop.error;
    if (recorder.tellsRun) recorder.tell('pipeline_complete', null, { ...told(output, recorder), ...lasted() });
    return output.value as ValueOf<O>;
  } catch (error) {
    // A run that cannot be told of is perhaps in other hands, and one that is left will be: what it did stands.
    if (broken.stopped) throw broken.error;
    if (leaving.isWhy(error)) throw error;
    await undo(execution.deeds, scope, error);
    if (recorder.tellsRun) {
      tellEnd(recorder, error, cancelled.error !== undefined && cancelled.error === error, lasted());
    }
    throw error;
  } finally {
    cancelled.unlink();
  }
}

/** @internal Whether there is everything that a pipeline needs. */
export function checkServices({ name, needs }: PipelineDefinition, services: unknown): void {
  const given = Object(services) as Record<string, unknown>;
  const missing = needs.filter((need) => given[need] === undefined);
  if (missing.length === 0) return;
  throw new StreamError(
    'pipeline-invalid',
    `pipeline "${name}" needs services that are not there: ${missing.join(', ')}`,
  );
}

function tellStart(recorder: Recorder, { name }: PipelineDefinition, input: unknown, { lives }: Journal): void {
  const { output, encoding } = outcomeOf(input, Infinity);
  const known = output === undefined || encoding !== undefined ? {} : { input: output };
  recorder.tell('pipeline_start', null, { pipeline: name, ...known, attempt: lives + 1 });
}

/** An earlier life has begun to undo: this one goes on with that, and with nothing else. */
function resumeUndoing({ undoing, trouble }: Journal, stop: Stop): void {
  if (!undoing) return;
  stop.stop(new StreamError('stream-failed', trouble?.message ?? 'an earlier process undid what it had done'));
}

function told({ value, reference }: Output, { maxEventBytes }: Recorder) {
  return reference === undefined ? outcomeOf(value, maxEventBytes) : { output: reference };
}

function tellEnd(recorder: Recorder, error: unknown, cancelled: boolean, lasted: { duration_ms: number }): void {
  const { message, ...code } = troubleOf(error);
  if (cancelled) recorder.tell('pipeline_cancelled', null, { reason: message, ...lasted });
  else recorder.tell('pipeline_error', null, { message, ...code, ...lasted });
}

/** Stops when a signal aborts, with an error that says so. */
function follow(signal: AbortSignal | undefined, stop: Stop): { error?: unknown; unlink: () => void } {
  const followed: { error?: unknown; unlink: () => void } = { unlink: () => {} };
  if (signal === undefined) return followed;
  const abort = (): void => {
    const { reason } = signal as { reason: unknown };
    const why = typeof reason === 'string' ? reason : 'the run was cancelled';
    followed.error = new StreamError('run-cancelled', why, { cause: reason });
    stop.stop(followed.error);
  };
  signal.addEventListener('abort', abort);
  followed.unlink = () => signal.removeEventListener('abort', abort);
  if (signal.aborted) abort();
  return followed;
}
