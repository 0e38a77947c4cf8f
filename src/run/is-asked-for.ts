import type { RunEvent } from './event.js';

/**
 * Whether an event is among those of some types and steps. Those of the run itself belong to every step, and those within a step
 * to it.
 *
 * @internal
 */
export function isAskedFor(
  { event_type: type, step_id: step }: RunEvent,
  { types, steps }: { readonly types?: readonly string[] | undefined; readonly steps?: readonly string[] | undefined },
): boolean {
  if (types !== undefined && !types.includes(type)) return false;
  if (steps === undefined || step === null) return true;
  return steps.some((name) => step === name || step.startsWith(`${name}/`));
}
