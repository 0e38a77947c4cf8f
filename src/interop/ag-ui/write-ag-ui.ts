import { writeEvent } from '../../format/event-stream.js';
import type { AnyAgUiEvent } from './from-ag-ui.js';

/** The headers above a run of AG-UI. */
export const agUiHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-store, no-transform',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
};

/**
 * An event of AG-UI as it is written: one server-sent event. Nothing marks the end but `RUN_FINISHED` or `RUN_ERROR`.
 *
 * @param id - what a reader that comes back says it has seen; readers of AG-UI pass over it
 */
export function writeAgUi(event: AnyAgUiEvent, id?: string): string {
  return writeEvent({ id, data: JSON.stringify(event) });
}
