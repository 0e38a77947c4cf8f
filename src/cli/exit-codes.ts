import type { RunEvent } from '../run/index.js';

/** How commands that follow a run end. */
export const exitCodes = { completed: 0, failed: 1, cancelled: 3, interrupted: 130 } as const;

/** For the help of commands that follow a run. */
export const exitCodesText = '\nExit codes: 0 completed, 1 failed, 3 cancelled by somebody else, 130 interrupted.';

/** How a command ends whose run ended so. */
export function exitCodeOf(end: RunEvent | undefined, interrupted: boolean): number {
  switch (end?.event_type) {
    case 'pipeline_complete':
      return exitCodes.completed;
    case 'pipeline_cancelled':
      return interrupted ? exitCodes.interrupted : exitCodes.cancelled;
    default:
      return exitCodes.failed;
  }
}
