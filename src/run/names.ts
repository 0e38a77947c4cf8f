import { checkName } from '../chunk/index.js';

const below = 'runs/';

/** @internal Where the events of all runs are. */
export const runStreams = below;

/** @internal The stream of a run's events. */
export function eventsOf(executionId: string): string {
  return below + checkExecutionId(executionId);
}

/** @internal The stream of what is said to a run: answers, and that it is not wanted any more. */
export function inboxOf(executionId: string): string {
  return `${eventsOf(executionId)}/inbox`;
}

/** @internal The stream of what one attempt of a step puts out, where that has one of its own. */
export function stepStreamOf(executionId: string, stepId: string, attempt: number): string {
  return `${ownedBy(executionId)}steps/${stepId}/${attempt}`;
}

/** @internal What the names of all streams begin with that belong to a run. */
export function ownedBy(executionId: string): string {
  return `${eventsOf(executionId)}/`;
}

/** @internal The run whose events a stream holds; `undefined` for other streams. */
export function runOf(streamId: string): string | undefined {
  const id = streamId.startsWith(below) ? streamId.slice(below.length) : '';
  return id === '' || id.includes('/') ? undefined : id;
}

/** @internal Checks the id of a run: it is one segment of a stream's name. */
export function checkExecutionId(id: string): string {
  checkName(`${below}${id}`);
  if (id.includes('/')) throw new TypeError('executionId must not hold "/"');
  return id;
}
