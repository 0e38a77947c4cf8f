import { describe, expect, it } from 'vitest';
import { snapshotKey, snapshotOf } from '../../src/chunk/snapshot.js';

describe('snapshotOf', () => {
  it('tells what a snapshot stands for', () => {
    const mark = { fold: 'assembled', from: 0, seq: 12 };
    expect(snapshotOf({ metadata: { [snapshotKey]: mark } })).toEqual(mark);
  });

  it.each([
    {},
    { other: 1 },
    { [snapshotKey]: null },
    { [snapshotKey]: { fold: 'assembled', from: 0 } },
    { [snapshotKey]: { fold: 'assembled', from: 0, seq: 0 } },
    { [snapshotKey]: { fold: 1, from: 0, seq: 1 } },
  ])('knows a chunk that is its own only: %o', (metadata) => {
    expect(snapshotOf({ metadata })).toBeUndefined();
  });
});
