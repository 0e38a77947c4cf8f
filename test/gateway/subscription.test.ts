import { describe, expect, it } from 'vitest';
import { packParcel } from '../../src/gateway/parcel.js';
import { Subscription } from '../../src/gateway/subscription.js';
import { encodedTexts } from '../bodies.js';

/** A subscription from number 5 on that may be sent so much. */
const granted = (chunks: number, bytes: number) => new Subscription('s', 1, 'beginning', 5, chunks, bytes);
const send = (subscription: Subscription, ...datas: string[]) =>
  subscription.sent(packParcel(1, subscription.next, encodedTexts(...datas)));

describe('Subscription', () => {
  it('begins at its start, with its first grant', () => {
    expect(granted(3, 30)).toMatchObject({ next: 5, chunkCredit: 3, reading: false, ended: undefined });
  });

  it('takes grants as totals: a lower one changes nothing, a repeated one nothing either', () => {
    const subscription = granted(3, 30);
    send(subscription, 'a', 'b');
    subscription.grant(2, 40);
    expect(subscription.chunkCredit).toBe(1);
    subscription.grant(8, 20);
    subscription.grant(8, 20);
    expect(subscription.chunkCredit).toBe(6);
  });

  it('moves on behind what was sent', () => {
    const subscription = granted(3, 30);
    send(subscription, 'a', 'b');
    expect(subscription.next).toBe(7);
  });

  it.each([
    { chunks: 2, bytes: 100, sizes: [1, 1, 1], affordable: 2, why: 'chunk credit' },
    { chunks: 9, bytes: 100, sizes: [1, 1, 1], affordable: 3, why: 'what there is' },
    { chunks: 9, bytes: 4, sizes: [2, 2, 2], affordable: 2, why: 'byte credit, to the byte' },
    { chunks: 9, bytes: 3, sizes: [2, 2, 2], affordable: 2, why: 'byte credit, the last chunk beyond it' },
    { chunks: 9, bytes: 1, sizes: [50, 1], affordable: 1, why: 'one chunk, larger than the whole window' },
    { chunks: 9, bytes: 0, sizes: [1], affordable: 0, why: 'no bytes at all' },
    { chunks: 0, bytes: 9, sizes: [1], affordable: 0, why: 'no chunks at all' },
    { chunks: 9, bytes: 0, sizes: [0, 0], affordable: 0, why: 'no bytes, not even for empty chunks' },
  ])(
    'affords $affordable of $sizes with $chunks chunks and $bytes bytes: $why',
    ({ chunks, bytes, sizes, affordable }) => {
      const there = encodedTexts(...sizes.map((size) => 'x'.repeat(size)));
      expect(granted(chunks, bytes).affordable(there)).toBe(affordable);
    },
  );

  it('affords nothing more after going beyond the bytes, until they are granted', () => {
    const subscription = granted(9, 3);
    send(subscription, 'xx', 'xx');
    expect(subscription.chunkCredit).toBe(0);
    expect(subscription.affordable(encodedTexts('x'))).toBe(0);
    subscription.grant(9, 4);
    expect(subscription.chunkCredit).toBe(0);
    subscription.grant(9, 5);
    expect(subscription.chunkCredit).toBe(7);
    expect(subscription.affordable(encodedTexts('x', 'x'))).toBe(1);
  });
});
