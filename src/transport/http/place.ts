import { kindOf, StreamError } from '../../chunk/index.js';
import { isTrue } from './failure.js';

/** @internal Where an answer ends, as headers or a control event say it. */
export interface Place {
  /** Opaque: handed back as it came. */
  readonly offset: string;
  /** To be echoed, so that caches can serve many readers with one answer. */
  readonly cursor: string | undefined;
  /** There was no more at that moment. */
  readonly upToDate: boolean;
  /** There will be no more. */
  readonly closed: boolean;
}

/** @internal Longest offset that is taken; the protocol says that they should be below 256. */
export const maxOffsetLength = 1024;

/** @internal The place at the end of an answer. @throws {@link StreamError} `data-malformed` when it names none */
export function placeOf(headers: Headers): Place {
  const closed = isTrue(headers.get('stream-closed'));
  return {
    offset: checkOffset('Stream-Next-Offset', headers.get('stream-next-offset')),
    cursor: headers.get('stream-cursor') ?? undefined,
    upToDate: closed || isTrue(headers.get('stream-up-to-date')),
    closed,
  };
}

/** @internal The place a control event tells. @throws {@link StreamError} `data-malformed` naming what is wrong with it */
export function placeOfControl(data: string): Place {
  const { streamNextOffset, streamCursor, upToDate, streamClosed } = fieldsOf(data);
  const closed = streamClosed === true;
  if (streamCursor !== undefined && typeof streamCursor !== 'string') {
    throw malformed('streamCursor', `must be a string, got ${kindOf(streamCursor)}`);
  }
  return {
    offset: checkOffset('streamNextOffset', streamNextOffset),
    cursor: streamCursor,
    upToDate: closed || upToDate === true,
    closed,
  };
}

function fieldsOf(data: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch (cause) {
    throw new StreamError('data-malformed', 'a control event is no JSON', { field: 'control', cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw malformed('control', `must be an object, got ${kindOf(value)}`);
}

function checkOffset(name: string, offset: unknown): string {
  if (typeof offset !== 'string' || offset === '') throw malformed(name, `must be an offset, got ${kindOf(offset)}`);
  if (offset.length <= maxOffsetLength) return offset;
  throw malformed(name, `must be an offset of at most ${maxOffsetLength} characters, got ${offset.length}`);
}

function malformed(field: string, problem: string): StreamError {
  return new StreamError('data-malformed', `the answer is none of Durable Streams: ${field} ${problem}`, { field });
}
