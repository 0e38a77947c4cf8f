import { StreamError } from '../chunk/index.js';
import type { FrameOf, ServerFrame } from '../protocol/index.js';

/** What a server has refused, as an error. */
export function refusalOf(frame: FrameOf<ServerFrame, 'error'>): StreamError {
  const { code, message, stream = '', expected, retryAfterMs } = frame;
  return new StreamError(code, message, {
    ...(stream === '' ? {} : { streamId: stream }),
    ...(expected === undefined ? {} : { expected }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
