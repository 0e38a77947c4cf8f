import { describe, expect, it } from 'vitest';
import { packParcel, SharedParcels } from '../../src/gateway/parcel.js';
import { encodedTexts } from '../bodies.js';

const chunks = encodedTexts('a', 'bcd', 'ef');

describe('packParcel', () => {
  it('counts the data and the encoded bytes of what is in the frame', () => {
    const parcel = packParcel(3, 7, chunks);
    expect(parcel.frame).toEqual({ t: 'data', ch: 3, seq: 7, chunks });
    expect(parcel.size).toBe(6);
    expect(parcel.length).toBe(chunks[0]!.length + chunks[1]!.length + chunks[2]!.length);
  });
});

describe('SharedParcels', () => {
  const parcels = new SharedParcels(3, { from: 7, chunks, next: 10, life: '1' });

  it('gives everybody who takes as many the same parcel', () => {
    expect(parcels.take(3)).toBe(parcels.take(3));
    expect(parcels.take(2)).toBe(parcels.take(2));
    expect(parcels.take(2)).not.toBe(parcels.take(3));
  });

  it('takes the first so many', () => {
    expect(parcels.take(2).frame).toEqual({ t: 'data', ch: 3, seq: 7, chunks: chunks.slice(0, 2) });
    expect(parcels.take(2).size).toBe(4);
    expect(parcels.take(3).frame.chunks).toBe(chunks);
  });
});
