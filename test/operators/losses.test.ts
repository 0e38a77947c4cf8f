import { describe, expect, it } from 'vitest';
import { Losses } from '../../operators/losses.js';
import { createChunk, End, Gap, Mark } from '../../src/chunk/index.js';

const chunk = (seq: number, streamId = 's') => createChunk({ streamId, seq, data: '' });

function gapsOf(...items: unknown[]): Gap[] {
  const losses = new Losses();
  for (const item of items) losses.add(item);
  return losses.gaps();
}

describe('Losses', () => {
  it('is one gap for chunks lost in a row', () => {
    expect(gapsOf(chunk(4), chunk(5), chunk(6))).toEqual([new Gap('s', 4, 7, 'dropped')]);
    expect(gapsOf()).toEqual([]);
  });

  it('spans what was missing between them already', () => {
    expect(gapsOf(chunk(4), new Gap('s', 5, 8, 'timeout'), chunk(8))).toEqual([new Gap('s', 4, 9, 'dropped')]);
    expect(gapsOf(chunk(9), chunk(2))).toEqual([new Gap('s', 2, 10, 'dropped')]);
  });

  it('is a gap for each stream', () => {
    expect(gapsOf(chunk(0, 'x'), chunk(7, 'y'), chunk(1, 'x'))).toEqual([
      new Gap('x', 0, 2, 'dropped'),
      new Gap('y', 7, 8, 'dropped'),
    ]);
  });

  it('does not count what is no chunk', () => {
    expect(gapsOf(new End('s', 3, 'completed'), new Mark('s', 3), null, undefined, 'text', 7, {}, { seq: -1 })).toEqual(
      [],
    );
  });

  it('counts whatever has a number', () => {
    expect(gapsOf({ seq: 3 })).toEqual([new Gap('', 3, 4, 'dropped')]);
  });
});
