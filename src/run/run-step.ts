import type { SchedulerLike } from 'rxjs';
import type { Flow } from '../flow/index.js';
import { Attempt } from './attempt.js';
import type { Inbox } from './context.js';
import type { Earlier } from './earlier.js';
import type { Journal } from './journal.js';
import { Live, type Output } from './live.js';
import { type Recorder, troubleOf } from './recorder.js';
import type { References } from './references.js';
import { retryWait } from './retry-wait.js';
import type { RetryOptions, StepNode } from './step.js';
import type { Stop } from './stop.js';

/** @internal What all steps of a run share. */
export interface Scope {
  readonly recorder: Recorder;
  readonly journal: Journal;
  readonly services: unknown;
  readonly stop: Stop;
  /** Stopped, no step begins any more: another process shall go on. */
  readonly leaving: Stop;
  /** Stopped, nothing is told any more, and what is at work is broken off. */
  readonly broken: Stop;
  readonly scheduler: SchedulerLike;
  readonly random: () => number;
  readonly inbox: Inbox | undefined;
  readonly references: References | undefined;
}

/** @internal One step of a run: where it is, what it does, what it is given. */
export interface StepRun {
  readonly node: StepNode;
  readonly stepId: string;
  readonly input: Output | Live;
  /** What it may refer to, in pipelines that do. */
  readonly earlier?: Earlier | undefined;
  readonly scope: Scope;
  /** For a step behind which another reads: hands over what it puts out, while it does. */
  readonly offer?: ((flow: Flow | undefined, start: () => void) => Live | undefined) | undefined;
}

/** @internal Runs a step to its end, as often as its options say. */
export async function runStep(step: StepRun): Promise<Output> {
  const { stepId, input, scope } = step;
  const { recorder, journal, stop } = scope;
  if (stop.stopped) throw stop.error;
  checkStays(scope);
  let attempt = journal.attempts(stepId) + 1;
  if (attempt > 1 && recorder.on) {
    recorder.tell('step_retry', stepId, { attempt, delay_ms: 0, reason: 'the process that ran it was lost' });
  }
  for (let failures = 0; ; attempt++) {
    try {
      return await new Attempt(step, attempt).run();
    } catch (error) {
      if (scope.leaving.isWhy(error)) throw error;
      // What it was given broke off: that is no failure of this step, which begins again when the one before it is done.
      const delayMs = inputFailed(input) ? await after(input.settled) : delay(step, error, ++failures);
      if (delayMs === undefined) throw error;
      if (recorder.on) {
        const { message: reason } = troubleOf(error);
        recorder.tell('step_retry', stepId, { attempt: attempt + 1, delay_ms: delayMs, reason });
      }
      await wait(delayMs, scope);
      checkStays(scope);
    }
  }
}

/** Where nobody is told of steps, whoever takes the run up begins anew: then it is worth more to come to its end. */
function checkStays({ recorder, leaving }: Scope): void {
  if (leaving.stopped && recorder.on) throw leaving.error;
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
  if (failures >= attempts || scope.stop.stopped) return undefined;
  if (retryOn !== undefined && !retryOn(error)) return undefined;
  return retryWait(failures, delayMs, maxDelayMs, scope.random);
}

function wait(ms: number, { scheduler, stop, leaving }: Scope): Promise<void> {
  return stop.until<void>((resolve) => {
    const timer = scheduler.schedule(() => resolve(), ms);
    timer.add(leaving.onStop(() => resolve()));
    return () => timer.unsubscribe();
  });
}
