import { describe, expect, it } from 'vitest';
import { checkJoinPosition, checkPosition, isSeq, parseJoinPosition, parsePosition } from '../../src/chunk/position.js';

describe('isSeq', () => {
  it.each([0, 1, 2 ** 53 - 1])('takes %o', (value) => expect(isSeq(value)).toBe(true));

  it.each([-1, 0.5, NaN, Infinity, 2 ** 53, '5', null, undefined, 5n])('refuses %o', (value: unknown) =>
    expect(isSeq(value)).toBe(false),
  );
});

describe('parsePosition', () => {
  it.each([
    ['beginning', 'beginning'],
    ['now', 'now'],
    ['0', 0],
    ['17', 17],
    ['9007199254740991', 2 ** 53 - 1],
  ])('reads %o', (text, position) => {
    expect(parsePosition(text)).toBe(position);
  });

  it.each([
    '',
    ' ',
    '-1',
    '+1',
    '1.5',
    '1e3',
    '0x10',
    '007',
    ' 7',
    '7 ',
    '٣',
    'Now',
    'end',
    '9007199254740992',
    '1'.repeat(400),
  ])('refuses %o', (text) => {
    expect(parsePosition(text)).toBeUndefined();
  });
});

describe('checkPosition', () => {
  it.each(['beginning', 'now', 0, 17] as const)('answers with %o', (position) => {
    expect(checkPosition(position)).toBe(position);
  });

  it.each([
    [-1, new RangeError('from must be "beginning", "now" or a chunk number, got a negative number')],
    [0.5, new RangeError('from must be "beginning", "now" or a chunk number, got a fractional number')],
    ['17', new TypeError('from must be "beginning", "now" or a chunk number, got a string')],
    [undefined, new TypeError('from must be "beginning", "now" or a chunk number, got undefined')],
  ])('refuses %o', (value: unknown, error) => {
    expect(() => checkPosition(value)).toThrow(error);
    expect(() => checkPosition(value)).toThrow(error.constructor);
  });

  it('names the option', () => {
    expect(() => checkPosition(null, 'start')).toThrow('start must be "beginning", "now" or a chunk number, got null');
  });
});

describe('parseJoinPosition', () => {
  it.each([
    ['snapshot', 'snapshot'],
    ['now', 'now'],
    ['17', 17],
    ['Snapshot', undefined],
    ['', undefined],
  ])('reads %o', (text, position) => expect(parseJoinPosition(text)).toBe(position));
});

describe('checkJoinPosition', () => {
  it.each(['snapshot', 'beginning', 'now', 0, 17] as const)('answers with %o', (position) => {
    expect(checkJoinPosition(position)).toBe(position);
  });

  it.each([
    [-1, new RangeError('from must be "beginning", "now", "snapshot" or a chunk number, got a negative number')],
    ['Snapshot', new TypeError('from must be "beginning", "now", "snapshot" or a chunk number, got a string')],
  ])('refuses %o', (value: unknown, error) => {
    expect(() => checkJoinPosition(value)).toThrow(error);
    expect(() => checkJoinPosition(value)).toThrow(error.constructor);
  });

  it('names the option', () => {
    expect(() => checkJoinPosition(null, 'start')).toThrow('start must be "beginning"');
  });
});
