import { StreamError } from '../chunk/index.js';
import type { Earlier } from './earlier.js';
import { RunContext } from './context.js';
import { troubleOf } from './recorder.js';
import type { Scope } from './run-step.js';
import type { StepNode } from './step.js';
import { Stop } from './stop.js';

/** @internal What a finished step did, and so what is to be undone. */
export interface Deed {
  readonly node: StepNode;
  readonly stepId: string;
  readonly attempt: number;
  readonly input: unknown;
  readonly output: unknown;
  readonly earlier: Earlier | undefined;
}

/** Longest that undoing one step takes, where the step has no limit of its own. */
const defaultTimeoutMs = 60_000;

/**
 * Undoes what finished steps did, the latest first. What fails at that does not keep the others from it. Nothing is undone before it is
 * kept that the run is: whoever takes it up does not go on with it as if it were not.
 *
 * @internal
 * @param why - what the run has failed with
 * @throws why it is broken off: the run is perhaps in other hands, or shall be, and what it did stands until then
 */
export async function undo(deeds: readonly Deed[], scope: Scope, why: unknown): Promise<void> {
  const { recorder, journal } = scope;
  const done = deeds.filter(({ stepId }) => !journal.isCompensated(stepId));
  if (done.length > 0 && recorder.on && !journal.undoing) recorder.tell('pipeline_undoing', null, troubleOf(why));
  for (const deed of done.toReversed()) {
    await recorder.kept();
    await undoOne(deed, scope);
  }
}

async function undoOne({ node, stepId, attempt, input, output, earlier }: Deed, scope: Scope): Promise<void> {
  const { recorder, scheduler, leaving, broken } = scope;
  const { compensate, timeoutMs = defaultTimeoutMs } = node.options;
  const begunAt = recorder.on ? recorder.now() : 0;
  const stop = new Stop();
  const timer = scheduler.schedule(() => {
    stop.stop(new StreamError('step-timeout', `undoing step "${node.id}" took more than ${timeoutMs} ms`));
  }, timeoutMs);
  timer.add(broken.onStop((error) => stop.stop(error)));
  const context = new RunContext({ stepId, attempt, stop, scope });
  try {
    await stop.until<unknown>((resolve, reject) => {
      const given = [output, context, input, earlier] as unknown as Parameters<NonNullable<typeof compensate>>;
      const work = async (): Promise<unknown> => await compensate!(...given);
      work().then(resolve, reject);
      return () => {};
    });
    context.close();
    if (recorder.on) recorder.tell('step_compensated', stepId, { duration_ms: recorder.now() - begunAt });
  } catch (error) {
    context.close();
    if (broken.isWhy(error) || leaving.isWhy(error)) throw error;
    if (!recorder.on) return;
    const { message, ...code } = troubleOf(error);
    const trouble = { message: `it could not be undone: ${message}`, ...code };
    recorder.tell('step_error', stepId, { attempt, ...trouble, duration_ms: recorder.now() - begunAt });
  } finally {
    timer.unsubscribe();
  }
}
