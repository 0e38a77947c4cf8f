import { from, lastValueFrom, of, Subject, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createFlow } from 'sluice/flow';
import { assembled, isStreamLike, paced, StreamInput } from '../../src/run/streamed.js';

describe('streamed', () => {
  it.each<[unknown[], unknown]>([
    [[], ''],
    [['a', 'b'], 'ab'],
    [[Uint8Array.of(1), Uint8Array.of(2, 3)], Uint8Array.of(1, 2, 3)],
    [
      ['a', 1],
      ['a', 1],
    ],
  ])('makes one value of %j by what they are', (pieces, value) => {
    expect(assembled(pieces)).toEqual(value);
  });

  it('makes one value as it is told', () => {
    expect([
      assembled([1, 2], 'text'),
      assembled(['a'], 'list'),
      assembled([], 'bytes'),
      assembled([1, 2], (all) => all.length),
    ]).toEqual(['12', ['a'], new Uint8Array(), 2]);
  });

  it('tells streams from values', () => {
    const generator = (async function* () {})();
    expect([of(1), generator, new ReadableStream()].map(isStreamLike)).toEqual([true, true, true]);
    expect(['text', [1], new Map(), null, undefined, 7, (function* () {})()].map(isStreamLike)).toEqual(
      new Array(7).fill(false),
    );
  });

  it('goes through what comes bit by bit, or is there', async () => {
    expect(await lastValueFrom(paced([1, 2]).items.pipe(toArray()))).toEqual([1, 2]);
    expect(paced(of(1)).flow).toBeUndefined();
  });

  it('can be looped over or subscribed to', async () => {
    const got: number[] = [];
    for await (const item of new StreamInput(from([1, 2]), undefined)) got.push(item);
    for await (const item of new StreamInput(from([3]), createFlow())) got.push(item);
    new StreamInput(from([4]), undefined).subscribe((item) => got.push(item));
    expect(got).toEqual([1, 2, 3, 4]);
  });

  it('waits for whoever loops slowly over what cannot be stopped', async () => {
    const source = new Subject<number>();
    const loop = new StreamInput(source, undefined)[Symbol.asyncIterator]();
    const first = loop.next();
    for (let i = 0; i < 10_000; i++) source.next(i);
    source.complete();
    expect((await first).value).toBe(0);
    let count = 0;
    while ((await loop.next()).done !== true) count++;
    expect(count).toBe(9999);
  });
});
