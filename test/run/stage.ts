import { VirtualTimeScheduler } from 'rxjs';
import { type Pipeline, type RunEvent, runPipeline, type RunPipelineOptions } from '../../src/run/index.js';

/** Runs a pipeline and keeps what it tells. */
export async function stage<I, O, S>(
  pipeline: Pipeline<I, O, S>,
  input: I,
  options: RunPipelineOptions<S> = {},
): Promise<{
  readonly output?: unknown;
  readonly error?: unknown;
  readonly events: readonly RunEvent[];
  readonly told: string[];
}> {
  const events: RunEvent[] = [];
  const sink = { next: (event: RunEvent) => void events.push(event) };
  const result = await runPipeline(pipeline, input, { sink, executionId: 'run', random: () => 0, ...options }).then(
    (output) => ({ output }),
    (error: unknown) => ({ error }),
  );
  return { ...result, events, told: events.map(tersely) };
}

/** An event in a few words. */
function tersely({ event_type: type, step_id: step, data }: RunEvent): string {
  const { attempt, values, output, message, reason, fraction, state, name } = data as Record<string, unknown>;
  const said = values ?? output ?? message ?? reason ?? fraction ?? state ?? name;
  return [
    type,
    step,
    attempt === undefined || type.startsWith('pipeline') ? undefined : `#${attempt as number}`,
    said === undefined ? undefined : JSON.stringify(said),
  ]
    .filter((word) => word !== undefined && word !== null)
    .join(' ');
}

/** Time that goes on by itself as soon as nothing else happens. */
export function fastTime(): VirtualTimeScheduler {
  const scheduler = new VirtualTimeScheduler();
  const { schedule } = scheduler;
  scheduler.schedule = function (this: VirtualTimeScheduler, ...args: never[]) {
    const subscription = (schedule as (...args: never[]) => ReturnType<typeof schedule>).apply(this, args);
    setTimeout(() => scheduler.flush());
    return subscription;
  } as typeof schedule;
  return scheduler;
}
