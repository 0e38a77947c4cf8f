import { describe, expect, it } from 'vitest';
import { checkDiagram, compareMessages, compareSubscriptions, type Message } from '../../src/testing/diagram.js';

const next = (frame: number, value: unknown): Message => ({ frame, notification: { kind: 'N', value } });
const error = (frame: number, cause: unknown): Message => ({ frame, notification: { kind: 'E', error: cause } });
const complete = (frame: number): Message => ({ frame, notification: { kind: 'C' } });

describe('compareMessages', () => {
  it('puts the expected above the received, frames aligned', () => {
    const expected = [next(1, 'a'), next(4, 'b'), complete(5)];
    const received = [next(1, 'a'), next(3, 'b'), complete(4)];
    expect(compareMessages(expected, received)).toBe('expected  -a--b|\nreceived  -a-b|');
  });

  it('groups what shares a frame', () => {
    const expected = [next(2, 'a'), next(2, 'b'), complete(2)];
    expect(compareMessages(expected, [complete(2)])).toBe('expected  --(ab|)\nreceived  --|');
  });

  it('draws silence as a dash', () => {
    expect(compareMessages([next(0, 'a')], [])).toBe('expected  a\nreceived  -');
  });

  it('lists frames where a group leaves no room for what follows', () => {
    const received = [next(1, 'a'), next(1, 'b'), next(3, 'c')];
    expect(compareMessages([next(1, 'a')], received)).toBe('expected  1:a\nreceived  1:(ab) 3:c');
    expect(compareMessages([], received)).toBe('expected  nothing\nreceived  1:(ab) 3:c');
  });

  it('shortens a pause that both sides share, and keeps what follows aligned', () => {
    const expected = [next(1, 'a'), next(100, 'b'), next(103, 'c')];
    const received = [next(1, 'a'), next(102, 'b')];
    expect(compareMessages(expected, received)).toBe('expected  -a 98ms b--c\nreceived  -a 98ms --b');
  });

  it("uses the test's own letters and says what they stand for", () => {
    const values = { a: { n: 1 }, b: { n: 2 }, c: { n: 3 } };
    expect(compareMessages([next(0, { n: 1 })], [next(0, { n: 2 })], values)).toBe(
      'expected  a\nreceived  b\n  a = { n: 1 }\n  b = { n: 2 }',
    );
  });

  it('gives other values letters that are free, equal values the same one', () => {
    const received = [next(0, 7), next(1, 'A'), next(2, 'word'), next(3, 7)];
    expect(compareMessages([next(0, 'x')], received, { A: 'x' })).toBe(
      "expected  A\nreceived  BCDB\n  A = 'x'\n  B = 7\n  C = 'A'\n  D = 'word'",
    );
    expect(compareMessages([next(0, 0)], [next(0, -0)])).toBe('expected  A\nreceived  B\n  A = 0\n  B = -0');
  });

  it('runs out of letters gracefully', () => {
    const received = Array.from({ length: 30 }, (_, n) => next(n, n));
    expect(compareMessages([], received)).toContain('received  ABCDEFGHIJKLMNOPQRSTUVWXYZ????');
  });

  it('lets a matcher stand for what it matches', () => {
    expect(compareMessages([next(0, expect.any(Number))], [next(1, 4)], { n: expect.any(Number) })).toContain(
      'expected  n\nreceived  -n',
    );
  });

  it('shows how errors differ', () => {
    const wrong = Object.assign(new Error('no'), { code: 7 });
    expect(compareMessages([error(0, 'error')], [error(0, wrong)])).toBe(
      "expected  #\nreceived  #\nexpected # = 'error'\nreceived # = Error: no { code: 7 }",
    );
    expect(compareMessages([error(0, 'error')], [error(1, 'error')])).toBe('expected  #\nreceived  -#');
  });
});

describe('compareSubscriptions', () => {
  it('draws a line for each subscription', () => {
    const expected = [
      { subscribedFrame: 0, unsubscribedFrame: 3 },
      { subscribedFrame: 2, unsubscribedFrame: 2 },
    ];
    const received = [
      { subscribedFrame: 1, unsubscribedFrame: Infinity },
      { subscribedFrame: 30, unsubscribedFrame: 80 },
    ];
    expect(compareSubscriptions(expected, received).split('\n')).toEqual([
      'expected  ^--!',
      'expected  --(^!)',
      'received  -^',
      'received   30ms ^ 49ms !',
    ]);
    expect(compareSubscriptions([], [])).toBe('expected  no subscription\nreceived  no subscription');
  });
});

describe('checkDiagram', () => {
  it('takes times that end with a space, letters and groups', () => {
    expect(() => checkDiagram('-a 10ms (bc|)', { a: 1, b: 2, c: 3 })).not.toThrow();
    expect(() => checkDiagram('10s -#')).not.toThrow();
    expect(() => checkDiagram('--^-a', null)).not.toThrow();
  });

  it('refuses a time without its space, which RxJS reads as letters', () => {
    expect(() => checkDiagram('-a 10ms|')).toThrow('the time 10ms must be followed by a space');
    expect(() => checkDiagram('1.5s')).toThrow(TypeError);
  });

  it('refuses a letter that values does not have', () => {
    expect(() => checkDiagram('-a-b|', { a: 1 })).toThrow('marbles "-a-b|": values has no "b"');
  });
});
