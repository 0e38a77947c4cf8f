import { of, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { NumberedStage, ownSeq, streamOf } from '../../operators/numbered.js';
import { operate } from '../../operators/operate.js';
import { end, streamError } from './alphabet.js';

/** Emits the numbers of its items. */
class Numbers<T> extends NumberedStage<T, number> {
  protected override _next(item: T): void {
    const seq = this.seqOf(item);
    if (this.accepts(seq)) this.destination.next(seq);
  }
}

function outcome<T>(items: readonly T[], seq?: (item: T) => number): unknown[] {
  const seen: unknown[] = [];
  of(...items)
    .pipe(operate<T, number>((destination) => new Numbers(destination, 'numbers', seq as never)))
    .subscribe({ next: (n) => seen.push(n), error: (error) => seen.push(error) });
  return seen;
}

describe('numbered stage', () => {
  it('takes the number an item carries', () => {
    expect(outcome([{ seq: 3 }, { seq: 4 }])).toEqual([3, 4]);
  });

  it("takes the number the user's function reads", () => {
    expect(outcome(['a', 'bb'], (text) => text.length)).toEqual([1, 2]);
  });

  it('fails once, with what the function threw as the cause', () => {
    const boom = new Error('boom');
    const source = new Subject<number>();
    const errors: unknown[] = [];
    const throws = () => {
      throw boom;
    };
    source
      .pipe(operate<number, number>((destination) => new Numbers(destination, 'numbers', throws)))
      .subscribe({ error: (error) => errors.push(error) });
    source.next(1);
    expect(errors).toEqual([streamError('callback-failed', 'numbers: a callback threw: boom')]);
    expect(errors[0]).toMatchObject({ cause: boom });
    expect(source.observed).toBe(false);
  });

  it.each([
    [NaN, 'NaN'],
    [-1, 'a negative number'],
    [0.5, 'a fractional number'],
    [2 ** 53, 'a number'],
    ['1', 'a string'],
    [undefined, 'undefined'],
  ])('fails on %s as a number', (seq, kind) => {
    expect(outcome([{ seq: 0 }, { seq }])).toEqual([
      0,
      streamError('chunk-invalid', `numbers: seq must be a whole number from 0 to 2^53 - 1, got ${kind}`),
    ]);
  });

  it('knows the stream of an item that says it', () => {
    expect([{ streamId: 's' }, { streamId: 1 }, 7].map(streamOf)).toEqual(['s', '', '']);
  });
});

describe('ownSeq', () => {
  it.each([
    [{ seq: 3 }, 3],
    [{ seq: -1 }, undefined],
    [{ seq: '3' }, undefined],
    [{}, undefined],
    [3, undefined],
    [null, undefined],
    [end(3), undefined],
  ])('of %j is %j', (item, seq) => {
    expect(ownSeq(item)).toBe(seq);
  });
});
