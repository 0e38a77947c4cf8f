import { describe, expect, it } from 'vitest';
import { partsOf } from '../../../src/transport/http/parts.js';
import { all } from './lab.js';

async function* pieces(...lengths: number[]): AsyncGenerator<Uint8Array> {
  let next = 0;
  for (const length of lengths) yield Uint8Array.from({ length }, () => next++);
}

const unbounded = { skip: 0, size: Infinity, most: Infinity };

async function parts(lengths: number[], rules: object): Promise<(readonly [number[], boolean, number])[]> {
  const found = await all(partsOf(pieces(...lengths), { ...unbounded, ...rules }));
  return found.map(({ bytes, last, skip }) => [[...bytes], last, skip]);
}

describe('partsOf', () => {
  it('hands a body out as a whole when it is told to', async () => {
    expect(await parts([2, 1, 3], {})).toEqual([[[0, 1, 2, 3, 4, 5], true, 0]]);
  });

  it('hands out what has reached its size when more comes', async () => {
    expect(await parts([1, 1, 1, 3], { size: 2 })).toEqual([
      [[0, 1], false, 0],
      [[2, 3, 4, 5], true, 0],
    ]);
  });

  it('ends an empty body with an empty part', async () => {
    expect(await parts([], {})).toEqual([[[], true, 0]]);
  });

  it('leaves out what is known already, also where that ends within a piece', async () => {
    expect(await parts([2, 3], { skip: 3 })).toEqual([[[3, 4], true, 0]]);
    expect(await parts([2, 3], { skip: 2 })).toEqual([[[2, 3, 4], true, 0]]);
  });

  it('tells how much more is known than this body has', async () => {
    expect(await parts([2, 3], { skip: 7 })).toEqual([[[], true, 2]]);
  });

  it('refuses a part that is too large', async () => {
    await expect(parts([2, 2], { most: 3 })).rejects.toMatchObject({
      code: 'overflow',
      message: 'an answer has more than maxAnswerBytes = 3 bytes',
    });
  });

  it('asks for no piece before one is asked of it', async () => {
    let taken = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for (;;) {
        taken++;
        yield new Uint8Array(10);
      }
    }
    const found = partsOf(counted(), { ...unbounded, size: 10 });
    await found.next();
    expect(taken).toBe(2);
    await found.next();
    expect(taken).toBe(3);
  });
});
