import { describe, expect, it } from 'vitest';
import type { StreamError } from '../../src/chunk/index.js';
import { admit, checkAppend, nextState, type ProducerState } from '../../src/log/admission.js';
import type { Close, Producer } from '../../src/log/log.js';

const p = (seq: number, epoch = 0): Producer => ({ id: 'p', epoch, seq });
const each = (seq: number, epoch = 0): Producer => ({ ...p(seq, epoch), counts: 'appends' });
const completed: Close = { status: 'completed' };
const cancelled: Close = { status: 'cancelled', reason: 'enough' };

interface Row {
  readonly known?: ProducerState;
  readonly end?: Close;
  readonly producer?: Producer;
  readonly close?: Close;
  readonly at?: number;
  readonly count: number;
  /** Duplicates, or the code of the refusal and the expected number. */
  readonly answer: number | string;
}

const known = { epoch: 2, next: 5 };

const table: readonly Row[] = [
  // Nobody's chunks are always new.
  { count: 3, answer: 0 },
  { count: 3, close: completed, answer: 0 },
  // A producer that was never seen starts at 0, in any epoch.
  { producer: p(0), count: 3, answer: 0 },
  { producer: p(0, 7), count: 3, answer: 0 },
  { producer: p(1), count: 3, answer: 'sequence-gap 0' },
  // One that is known goes on where it was.
  { known, producer: p(5, 2), count: 3, answer: 0 },
  { known, producer: p(3, 2), count: 3, answer: 2 },
  { known, producer: p(0, 2), count: 3, answer: 3 },
  { known, producer: p(0, 2), count: 0, answer: 0 },
  { known, producer: p(6, 2), count: 1, answer: 'sequence-gap 5' },
  { known, producer: p(6, 2), count: 0, answer: 'sequence-gap 5' },
  { known, producer: p(0, 3), count: 2, answer: 0 },
  { known, producer: p(5, 3), count: 2, answer: 'sequence-gap 0' },
  { known, producer: p(5, 1), count: 2, answer: 'producer-fenced 2' },
  { known, producer: p(0, 0), count: 0, answer: 'producer-fenced 2' },
  // An ended stream takes nothing new.
  { end: completed, count: 0, answer: 0 },
  { end: completed, count: 1, answer: 'stream-closed' },
  { end: cancelled, count: 1, answer: 'stream-cancelled' },
  { end: completed, count: 0, close: completed, answer: 0 },
  { end: completed, count: 0, close: cancelled, answer: 'stream-closed' },
  { end: cancelled, count: 0, close: { status: 'cancelled' }, answer: 0 },
  { end: cancelled, count: 0, close: completed, answer: 'stream-cancelled' },
  { known, end: completed, producer: p(3, 2), count: 2, close: completed, answer: 2 },
  { known, end: completed, producer: p(3, 2), count: 3, close: completed, answer: 'stream-closed' },
  { known, end: completed, producer: p(6, 2), count: 0, answer: 'stream-closed' },
  { known, end: completed, producer: p(0, 3), count: 0, answer: 0 },
  { known, end: completed, producer: p(0, 1), count: 1, answer: 'producer-fenced 2' },
  // A producer that counts appends has them kept whole.
  { producer: each(0), count: 3, answer: 0 },
  { producer: each(1), count: 3, answer: 'sequence-gap 0' },
  { known, producer: each(5, 2), count: 3, answer: 0 },
  { known, producer: each(4, 2), count: 3, answer: 3 },
  { known, producer: each(0, 2), count: 0, answer: 0 },
  { known, producer: each(6, 2), count: 0, answer: 'sequence-gap 5' },
  { known, end: completed, producer: each(4, 2), count: 3, close: completed, answer: 3 },
  { known, end: completed, producer: each(4, 2), count: 0, close: completed, answer: 0 },
  { known, end: completed, producer: each(5, 2), count: 0, close: completed, answer: 'stream-closed' },
  { known, end: completed, producer: each(5, 2), count: 1, answer: 'stream-closed' },
  // What is to begin at a number begins there or is refused, unless all of it is known.
  { count: 2, at: 9, answer: 0 },
  { count: 2, at: 8, answer: 'append-conflict 9' },
  { count: 0, at: 8, close: completed, answer: 'append-conflict 9' },
  { count: 1, at: 9, end: completed, answer: 'stream-closed' },
  { known, producer: p(3, 2), count: 2, at: 1, answer: 2 },
  { known, producer: p(3, 2), count: 3, at: 1, answer: 'append-conflict 9' },
  { known, producer: p(3, 2), count: 3, at: 9, answer: 2 },
  { known, producer: p(6, 2), count: 3, at: 1, answer: 'sequence-gap 5' },
  { known, producer: p(5, 2), count: 0, at: 1, answer: 'append-conflict 9' },
  { known, producer: each(4, 2), count: 0, at: 1, answer: 0 },
];

function answerOf({ known: state, end, producer, close, at, count }: Row): number | string {
  const options = {
    ...(producer === undefined ? {} : { producer }),
    ...(close === undefined ? {} : { close }),
    ...(at === undefined ? {} : { at }),
  };
  try {
    return admit('s', { end, producer: state, next: 9 }, count, options);
  } catch (error) {
    const { code, details } = error as StreamError;
    expect(details.streamId).toBe('s');
    return details.expected === undefined ? code : `${code} ${details.expected}`;
  }
}

describe('admit', () => {
  it.each(table)('answers $answer to $count chunks of $producer', (row) => {
    expect(answerOf(row)).toBe(row.answer);
  });

  it('says how a stream has ended, and why', () => {
    expect(() => admit('s', { end: cancelled, producer: undefined, next: 0 }, 1, {})).toThrow(
      'stream "s" has ended as cancelled: enough',
    );
    expect(() => admit('s', { end: completed, producer: undefined, next: 0 }, 1, {})).toThrow(
      /has ended as completed$/,
    );
  });
});

describe('nextState', () => {
  it('counts on within an epoch, never back', () => {
    expect(nextState(undefined, p(0), 3)).toEqual({ epoch: 0, next: 3 });
    expect(nextState(known, p(4, 2), 3)).toEqual({ epoch: 2, next: 7 });
    expect(nextState(known, p(0, 2), 3)).toEqual({ epoch: 2, next: 5 });
    expect(nextState(known, p(0, 3), 1)).toEqual({ epoch: 3, next: 1 });
    expect(nextState(known, each(5, 2), 3)).toEqual({ epoch: 2, next: 6 });
    expect(nextState(known, each(5, 2), 0)).toEqual({ epoch: 2, next: 6 });
    expect(nextState(known, each(1, 2), 3)).toEqual({ epoch: 2, next: 5 });
  });
});

describe('checkAppend', () => {
  it('takes what makes sense', () => {
    expect(() => checkAppend({})).not.toThrow();
    expect(() => checkAppend({ producer: p(0), close: cancelled })).not.toThrow();
    expect(() => checkAppend({ producer: { id: 'i'.repeat(256), epoch: 2 ** 53 - 1, seq: 0 } })).not.toThrow();
    expect(() => checkAppend({ close: { status: 'failed', reason: 'r'.repeat(1024) } })).not.toThrow();
    expect(() => checkAppend({ close: { status: 'failed', reason: '' } })).not.toThrow();
  });

  it.each([
    [{ producer: { ...p(0), id: '' } }, RangeError, 'producer.id must be of 1 to 256 characters, got 0'],
    [{ producer: { ...p(0), id: 'i'.repeat(257) } }, RangeError, 'producer.id must be of 1 to 256 characters, got 257'],
    [{ producer: { ...p(0), id: 5 } }, TypeError, 'producer.id must be a string, got a number'],
    [{ producer: p(0, -1) }, RangeError, 'producer.epoch must be a whole number of at least 0, got -1'],
    [{ producer: p(0.5) }, RangeError, 'producer.seq must be a whole number of at least 0, got 0.5'],
    [{ producer: { id: 'p', epoch: 0 } }, TypeError, 'producer.seq must be a number, got undefined'],
    [{ producer: { ...p(0), counts: 5 } }, RangeError, 'producer.counts must be "chunks" or "appends", got a number'],
    [{ at: -1 }, RangeError, 'at must be a whole number of at least 0, got -1'],
    [{ at: '0' }, TypeError, 'at must be a number, got a string'],
    [{ close: {} }, RangeError, 'close.status must be "completed", "failed" or "cancelled", got undefined'],
    [{ close: { status: 'active' } }, RangeError, 'got a string'],
    [{ close: { status: 'failed', reason: 5 } }, TypeError, 'close.reason must be a string, got a number'],
    [{ close: { status: 'failed', reason: 'r'.repeat(1025) } }, RangeError, 'close.reason must be of 0 to 1024'],
  ])('refuses %o', (options, kind, message) => {
    const check = () => checkAppend(options as never);
    expect(check).toThrow(kind);
    expect(check).toThrow(message);
  });
});
