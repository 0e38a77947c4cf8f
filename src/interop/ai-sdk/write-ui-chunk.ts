import { writeEvent } from '../../format/event-stream.js';
import type { AnyUiChunk } from './ui-chunk.js';

/** The headers above a UI message stream: readers look for the version, proxies are to pass every part on as it comes. */
export const uiMessageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-store, no-transform',
  'x-vercel-ai-ui-message-stream': 'v1',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
};

/** What comes behind the last chunk. */
export const uiMessageDone = 'data: [DONE]\n\n';

/**
 * A chunk as it is written: one server-sent event.
 *
 * @param id - what a reader that comes back says it has seen; readers of the SDK pass over it
 */
export function writeUiChunk(chunk: AnyUiChunk, id?: string): string {
  return writeEvent({ id, data: JSON.stringify(chunk) });
}
