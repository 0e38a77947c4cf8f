import { StreamError } from '../../chunk/index.js';

/**
 * A place in the answer to a chat: which run, and the number of the last chunk a reader has; -1 when it has none. It travels as
 * the id of an event, `run.seq`.
 *
 * @internal
 */
export interface ChatPlace {
  readonly run: string;
  readonly seq: number;
}

const written = /^([\w-]{1,128})\.(-1|0|[1-9]\d{0,15})$/;

/** @internal As it is written in an event. */
export function writePlace({ run, seq }: ChatPlace): string {
  return `${run}.${seq}`;
}

/** @internal @throws StreamError `data-malformed` when it is no place */
export function readPlace(text: string): ChatPlace {
  const [, run, seq] = written.exec(text) ?? [];
  if (run === undefined) throw new StreamError('data-malformed', 'the last event id is no place in a chat');
  return { run, seq: Number(seq) };
}

/** @internal The header that says which run an answer is, before there is a chunk of it. */
export const runHeader = 'x-sluice-run';
