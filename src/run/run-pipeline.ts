import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { jsonProblem, type JsonValue, StreamError } from '../chunk/index.js';
import type { Inbox } from './context.js';
import { Execution } from './execution.js';
import { Journal } from './journal.js';
import type { Pipeline } from './pipeline.js';
import { Recorder, type RunSink, troubleOf } from './recorder.js';
import type { Scope } from './run-step.js';
import type { ValueOf } from './step.js';

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
  /** @internal Aborts when events are not kept any more, with why: the run fails with that. */
  readonly broken?: AbortSignal;
  /** @internal What earlier lives of the run have done. */
  readonly journal?: Journal;
  /** @internal Where answers come from. */
  readonly inbox?: Inbox;
}

/**
 * Runs a pipeline to its end, in this process.
 *
 * When a step fails for good, or the signal aborts, all that is at work is told to stop and not waited for; what finished steps
 * did is undone where they say how, the latest first.
 *
 * @returns what the last step put out
 * @throws what the step threw; {@link StreamError} `run-cancelled` when the signal aborted, `step-timeout` for a step that
 * took too long
 *
 * @example
 * const text = await runPipeline(answer, 'What is a sluice?', { services: { llm } });
 */
export async function runPipeline<I, O, S>(
  pipeline: Pipeline<I, O, S>,
  input: I,
  options: RunPipelineOptions<S> = {},
): Promise<ValueOf<O>> {
  const { definition } = pipeline as { definition: Pipeline<I, O, S>['definition'] };
  const { scheduler = asyncScheduler, journal = new Journal(), services, inbox, random = Math.random } = options;
  const controller = new AbortController();
  const executionId = options.executionId ?? crypto.randomUUID();
  const recorder = new Recorder(executionId, definition.streaming, scheduler, options.sink, (error) =>
    controller.abort(error),
  );
  const scope: Scope = { recorder, journal, services, signal: controller.signal, scheduler, random, inbox };
  const unlink = follow(options.signal, controller);
  const { broken } = options;
  broken?.addEventListener('abort', () => controller.abort(broken.reason));
  const execution = new Execution(scope);
  const begunAt = recorder.now();
  if (recorder.on) {
    const known = input === undefined || jsonProblem(input) !== undefined ? {} : { input: input as JsonValue };
    recorder.tell('pipeline_start', null, { pipeline: definition.name, ...known, attempt: journal.lives + 1 });
  }
  const lasted = (): number => recorder.now() - (journal.startedAt ?? begunAt);
  try {
    const output = await execution.walk(definition.root, input);
    if (controller.signal.aborted) throw controller.signal.reason;
    if (recorder.on) recorder.tell('pipeline_complete', null, { ...outputOf(output), duration_ms: lasted() });
    return output as ValueOf<O>;
  } catch (error) {
    const cancelled = options.signal?.aborted === true && error === controller.signal.reason;
    controller.abort(error);
    // A run that cannot be told of is perhaps in other hands: what it did stands.
    if (broken?.aborted === true) throw error;
    await execution.undo({ ...scope, signal: new AbortController().signal });
    if (recorder.on) tellEnd(recorder, error, cancelled, lasted());
    throw error;
  } finally {
    unlink();
  }
}

function tellEnd(recorder: Recorder, error: unknown, cancelled: boolean, lasted: number): void {
  const { message, ...code } = troubleOf(error);
  if (cancelled) return recorder.tell('pipeline_cancelled', null, { reason: message, duration_ms: lasted });
  recorder.tell('pipeline_error', null, { message, ...code, duration_ms: lasted });
}

function outputOf(output: unknown): { output?: JsonValue } {
  return output === undefined || jsonProblem(output) !== undefined ? {} : { output: output as JsonValue };
}

/** Aborts when another signal does, with an error that says so. */
function follow(signal: AbortSignal | undefined, controller: AbortController): () => void {
  if (signal === undefined) return () => {};
  const abort = (): void => {
    const { reason } = signal as { reason: unknown };
    const why = typeof reason === 'string' ? reason : 'the run was cancelled';
    controller.abort(new StreamError('run-cancelled', why, { cause: reason }));
  };
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  return () => signal.removeEventListener('abort', abort);
}
