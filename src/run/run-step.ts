import { type SchedulerLike, Subscription, tap } from 'rxjs';
import { jsonProblem, type JsonValue, StreamError } from '../chunk/index.js';
import type { Flow } from '../flow/index.js';
import { type Inbox, RunContext } from './context.js';
import type { Journal } from './journal.js';
import { Live, type Output } from './live.js';
import { type Recorder, troubleOf } from './recorder.js';
import type { RetryOptions, StepNode } from './step.js';
import { assembled, isStreamLike, type Paced, paced, StreamInput } from './streamed.js';

/** @internal What all steps of a run share. */
export interface Scope {
  readonly recorder: Recorder;
  readonly journal: Journal;
  readonly services: unknown;
  readonly signal: AbortSignal;
  readonly scheduler: SchedulerLike;
  readonly random: () => number;
  readonly inbox: Inbox | undefined;
}

/** @internal One step of a run: where it is, what it does, what it is given. */
export interface StepRun {
  readonly node: StepNode;
  readonly stepId: string;
  readonly input: Output | Live;
  readonly scope: Scope;
  /** For a step behind which another reads: hands over what it puts out, while it does. */
  readonly offer?: ((flow: Flow | undefined, start: () => void) => Live | undefined) | undefined;
}

/** @internal Runs a step to its end, as often as its options say. */
export async function runStep(step: StepRun): Promise<Output> {
  const { stepId, input, scope } = step;
  const { recorder, journal } = scope;
  let attempt = journal.attempts(stepId) + 1;
  if (attempt > 1) {
    recorder.tell('step_retry', stepId, { attempt, delay_ms: 0, reason: 'the process that ran it was lost' });
  }
  for (let failures = 0; ; attempt++) {
    const begunAt = recorder.now();
    try {
      return await new Attempt(step, attempt, begunAt).run();
    } catch (error) {
      recorder.tell('step_error', stepId, { attempt, ...troubleOf(error), duration_ms: recorder.now() - begunAt });
      // What it was given broke off: that is no failure of this step, which begins again when the one before it is done.
      const delayMs = inputFailed(input) ? await after(input.settled) : delay(step, error, ++failures);
      if (delayMs === undefined) throw error;
      recorder.tell('step_retry', stepId, {
        attempt: attempt + 1,
        delay_ms: delayMs,
        reason: troubleOf(error).message,
      });
      await wait(delayMs, scope);
    }
  }
}

function inputFailed(input: Output | Live): input is Live {
  return input instanceof Live && input.failure !== undefined;
}

async function after(settled: Promise<unknown>): Promise<number> {
  await settled;
  return 0;
}

/** How long to wait before another attempt; `undefined` when there is none. */
function delay({ node, scope }: StepRun, error: unknown, failures: number): number | undefined {
  const {
    attempts,
    delayMs = 500,
    maxDelayMs = 30_000,
    retryOn,
  } = node.options.retry ?? ({ attempts: 1 } as RetryOptions);
  if (failures >= attempts || scope.signal.aborted) return undefined;
  if (retryOn !== undefined && !retryOn(error)) return undefined;
  // Between half the longest and the longest, so that what failed together does not come back together.
  return Math.min(maxDelayMs, delayMs * 2 ** (failures - 1)) * (0.5 + scope.random() / 2);
}

function wait(ms: number, { scheduler, signal }: Scope): Promise<void> {
  return untilAborted(signal, (resolve) => {
    const timer = scheduler.schedule(() => resolve(), ms);
    return () => timer.unsubscribe();
  });
}

/** A promise that rejects with the signal's reason as soon as it aborts. `begin` answers what is to be let go in the end. */
function untilAborted<T>(
  signal: AbortSignal,
  begin: (resolve: (value: T) => void, reject: (error: Error) => void) => () => void,
): Promise<T> {
  const teardown = new Subscription();
  const promise = new Promise<T>((resolve, reject) => {
    const aborted = (): void => reject(signal.reason as Error);
    if (signal.aborted) return aborted();
    signal.addEventListener('abort', aborted);
    teardown.add(() => signal.removeEventListener('abort', aborted));
    teardown.add(begin(resolve, reject));
  });
  return promise.finally(() => teardown.unsubscribe());
}

/** One attempt of a step. */
class Attempt {
  private readonly controller = new AbortController();
  private readonly context: RunContext;
  private live: Live | undefined;

  constructor(
    private readonly step: StepRun,
    private readonly attempt: number,
    private readonly begunAt: number,
  ) {
    const { stepId, scope } = step;
    const { recorder, journal, services, inbox } = scope;
    this.context = new RunContext({
      stepId,
      attempt,
      signal: this.controller.signal,
      services,
      restored: journal.state(stepId),
      recorder,
      inbox,
    });
  }

  async run(): Promise<Output> {
    const { stepId, scope, node } = this.step;
    const { recorder } = scope;
    const unlink = this.link();
    recorder.tell('step_start', stepId, { attempt: this.attempt });
    try {
      const output = await this.work();
      this.context.close();
      const { value } = output;
      const lost = value !== undefined && recorder.on && jsonProblem(value) !== undefined;
      recorder.tell('step_complete', stepId, {
        attempt: this.attempt,
        ...(lost ? { lost } : value === undefined ? {} : { output: value as JsonValue }),
        duration_ms: recorder.now() - this.begunAt,
      });
      this.live?.complete();
      return output;
    } catch (error) {
      this.live?.fail(error);
      throw error;
    } finally {
      this.context.close();
      // Whatever it still does, nobody waits for it.
      this.controller.abort(new StreamError('run-cancelled', `step "${node.id}" is over`));
      unlink();
    }
  }

  /** Aborts with the run, and when the time is up. */
  private link(): () => void {
    const { scope, node } = this.step;
    const { timeoutMs } = node.options;
    const abort = (): void => this.controller.abort(scope.signal.reason);
    scope.signal.addEventListener('abort', abort);
    if (scope.signal.aborted) abort();
    const timer: Subscription | undefined =
      timeoutMs === undefined
        ? undefined
        : scope.scheduler.schedule(() => {
            const message = `step "${node.id}" took more than ${timeoutMs} ms`;
            this.controller.abort(new StreamError('step-timeout', message));
          }, timeoutMs);
    return () => {
      timer?.unsubscribe();
      scope.signal.removeEventListener('abort', abort);
    };
  }

  private async work(): Promise<Output> {
    const { node } = this.step;
    const answer = await untilAborted<unknown>(this.controller.signal, (resolve, reject) => {
      this.given()
        .then((input) => node.run(input as never, this.context as never))
        .then(resolve, reject);
      return () => {};
    });
    return isStreamLike(answer) ? await this.collect(paced(answer)) : { value: answer };
  }

  /** What the step's function is called with. */
  private async given(): Promise<unknown> {
    const { node, input } = this.step;
    if (input instanceof Live) {
      // What was given out once is not given out again: who begins anew waits for the whole.
      if (input.taken) return streamOf(paced((await input.settled).pieces!));
      input.taken = true;
      input.broken = (cause) => this.controller.abort(new StreamError('gap', 'its input broke off', { cause }));
      return streamOf(input);
    }
    if (node.options.input !== 'stream') return input.value;
    return streamOf(paced(input.pieces ?? [input.value]));
  }

  private async collect({ items, flow }: Paced): Promise<Output> {
    const { node, scope, offer } = this.step;
    const { maxOutputBytes = 2 ** 24, assemble } = node.options;
    const pieces: unknown[] = [];
    let bytes = 0;
    const take = (piece: unknown): void => {
      bytes += sizeOf(piece);
      if (bytes > maxOutputBytes) {
        throw new StreamError(
          'overflow',
          `step "${node.id}" put out more than maxOutputBytes = ${maxOutputBytes} bytes`,
        );
      }
      pieces.push(piece);
      if (scope.recorder.on) this.context.outputs.add(piece);
      this.live?.next(piece);
    };
    await untilAborted<void>(this.controller.signal, (resolve, reject) => {
      const subscription = new Subscription();
      const start = (): void => {
        if (!subscription.closed)
          subscription.add(items.pipe(tap(take)).subscribe({ error: reject, complete: () => resolve() }));
      };
      this.live = offer?.(flow, start);
      if (this.live === undefined) start();
      return () => subscription.unsubscribe();
    });
    return { value: assembled(pieces, assemble), pieces };
  }
}

function streamOf({ items, flow }: Paced): StreamInput<unknown> {
  return new StreamInput(items, flow);
}

function sizeOf(piece: unknown): number {
  if (piece instanceof Uint8Array) return piece.byteLength;
  return typeof piece === 'string' ? piece.length : 0;
}
