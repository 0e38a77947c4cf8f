import { isSeq } from '../chunk/index.js';

/** @internal A place in a stream as a reader says it: a chunk number, or one of the two that the protocol names. */
export type Place = number | 'start' | 'now';

/** Every chunk number fits, so that offsets sort as their numbers do. */
const digits = 16;
/** Behind the number others write a place within the chunk, which with us is always its beginning. */
const token = /^(\d{16})(?:_0{16})?$/;

/** @internal The offset of a place: the number of the chunk that is read next, as wide as the largest. */
export function formatOffset(seq: number): string {
  return `${seq}`.padStart(digits, '0');
}

/** @internal Reads an offset; `undefined` when it is none. */
export function parseOffset(text: string): Place | undefined {
  if (text === '-1') return 'start';
  if (text === 'now') return 'now';
  const seq = Number(token.exec(text)?.[1] ?? NaN);
  return isSeq(seq) ? seq : undefined;
}
