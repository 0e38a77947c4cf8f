import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkKey, kinds, readStateKey, stateKey } from '../../../src/log/lmdb/records.js';

const number = fc.nat({ max: 2 ** 48 - 1 });

describe('chunkKey', () => {
  it('orders by stream, then by number', () => {
    fc.assert(
      fc.property(number, number, number, number, (stream, seq, otherStream, otherSeq) => {
        const order = Math.sign(stream - otherStream) || Math.sign(seq - otherSeq);
        expect(Buffer.compare(chunkKey(stream, seq), chunkKey(otherStream, otherSeq))).toBe(order);
      }),
    );
  });
});

describe('stateKey', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(
        number,
        fc.constantFrom(...Object.values(kinds)),
        fc.string({ unit: 'grapheme' }),
        (stream, kind, id) => {
          expect(readStateKey(stateKey(stream, kind, id))).toEqual({ stream, kind, id });
        },
      ),
    );
  });

  it('puts the creation of a stream before everything else of it', () => {
    const { created, standing, producers, removed } = kinds;
    const keys = [stateKey(2, created), stateKey(2, standing), stateKey(2, producers, '1'), stateKey(2, removed)];
    expect(keys.toReversed().toSorted(Buffer.compare)).toEqual(keys);
  });

  it('fits the longest id there is', () => {
    expect(stateKey(1, kinds.producers, '漢'.repeat(256)).length).toBeLessThan(1978);
  });
});
