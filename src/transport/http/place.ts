import { kindOf } from '../../chunk/index.js';
import { parseJson } from './decoding.js';
import { isTrue, malformed } from './failure.js';

/** @internal Where an answer ends, as headers or a control event say it. */
export interface Place {
  /** Opaque: handed back as it came. */
  readonly offset: string;
  /** To be echoed, so that caches can serve many readers with one answer. */
  readonly cursor?: string | undefined;
  /** There was no more at that moment. */
  readonly upToDate: boolean;
  /** There will be no more. */
  readonly closed: boolean;
}

/** Longest offset that is taken; the protocol says that they should be below 256. */
const maxOffsetLength = 1024;

/** @internal Why a value is no offset. */
export function offsetProblem(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '' && value.length <= maxOffsetLength) return undefined;
  return `must be an offset of at most ${maxOffsetLength} characters, got ${kindOf(value)}`;
}

/** @internal The place at the end of an answer. @throws {@link StreamError} `data-malformed` when it names none */
export function placeOf(headers: Headers): Place {
  const says = (name: string): boolean => isTrue(headers.get(name));
  const name = 'Stream-Next-Offset';
  const cursor = headers.get('Stream-Cursor') ?? undefined;
  return place(name, headers.get(name), cursor, says('Stream-Up-To-Date'), says('Stream-Closed'));
}

/** @internal The place a control event tells. @throws {@link StreamError} `data-malformed` naming what is wrong with it */
export function placeOfControl(data: string): Place {
  const { streamNextOffset, streamCursor, upToDate, streamClosed } = Object(parseJson('control', data));
  return place('streamNextOffset', streamNextOffset, streamCursor, upToDate === true, streamClosed === true);
}

function place(name: string, offset: unknown, cursor: unknown, upToDate: boolean, closed: boolean): Place {
  const problem = offsetProblem(offset);
  if (problem !== undefined) throw malformed(name, problem);
  if (cursor !== undefined && typeof cursor !== 'string') {
    throw malformed('streamCursor', `must be a string, got ${kindOf(cursor)}`);
  }
  return { offset: offset as string, cursor, upToDate: closed || upToDate, closed };
}
