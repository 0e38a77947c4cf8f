import { kindOf } from './errors.js';

/**
 * Where a reader begins: `beginning` is the oldest chunk kept, `now` the next one to come, a number that very chunk.
 */
export type Position = 'beginning' | 'now' | number;

/** A half-open range of chunk numbers: `from` is in it, `to` is not. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Whether a value is a chunk number: a whole number from 0 to 2^53 - 1. */
export function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/**
 * Reads a position from text, as flags, query strings and `Last-Event-ID` hold it.
 *
 * @returns `undefined` when the text is no position
 */
export function parsePosition(text: string): Position | undefined {
  if (text === 'beginning' || text === 'now') return text;
  const seq = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : undefined;
  return isSeq(seq) ? seq : undefined;
}

/**
 * Checks a position given as an option.
 *
 * @throws TypeError or RangeError naming the value's kind
 */
export function checkPosition(value: unknown, name = 'from'): Position {
  if (value === 'beginning' || value === 'now' || isSeq(value)) return value;
  const message = `${name} must be "beginning", "now" or a chunk number, got ${kindOf(value)}`;
  throw typeof value === 'number' ? new RangeError(message) : new TypeError(message);
}

/**
 * Where a reader of a stream joins it: at a position, or with a `snapshot`, which is what the chunks so far come to, and then
 * the chunks behind it.
 */
export type JoinPosition = Position | 'snapshot';

/**
 * Reads a place to join from text, as {@link parsePosition} reads a position.
 *
 * @returns `undefined` when the text is none
 */
export function parseJoinPosition(text: string): JoinPosition | undefined {
  return text === 'snapshot' ? text : parsePosition(text);
}

/** @internal What a place to join is, in words. */
export const joinPositionWords = '"beginning", "now", "snapshot" or a chunk number';

/** @internal Whether a value is a place to join. */
export function isJoinPosition(value: unknown): value is JoinPosition {
  return value === 'snapshot' || value === 'beginning' || value === 'now' || isSeq(value);
}

/**
 * Checks a place to join that is given as an option.
 *
 * @throws TypeError or RangeError naming the value's kind
 */
export function checkJoinPosition(value: unknown, name = 'from'): JoinPosition {
  if (isJoinPosition(value)) return value;
  const message = `${name} must be ${joinPositionWords}, got ${kindOf(value)}`;
  throw typeof value === 'number' ? new RangeError(message) : new TypeError(message);
}
