import type { StreamError } from '../chunk/index.js';
import type { FrameOf, ServerFrame } from '../protocol/index.js';

/** What an error is about. */
export interface About {
  readonly stream?: string;
  readonly ch?: number;
  readonly producer?: string;
  readonly epoch?: number;
}

/** The frame that tells a client of an error. */
export function errorFrame({ code, message, details }: StreamError, about: About = {}): FrameOf<ServerFrame, 'error'> {
  const { expected, field, retryAfterMs } = details;
  return {
    t: 'error',
    code,
    message,
    ...about,
    ...(expected === undefined ? {} : { expected }),
    ...(field === undefined ? {} : { field }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) }),
  };
}
