import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatOffset, parseOffset } from '../../src/durable/offset.js';

const seqs = fc.maxSafeNat();

describe('offset', () => {
  it('sorts as the numbers do, and is read back', () => {
    fc.assert(
      fc.property(seqs, seqs, (a, b) => {
        expect(formatOffset(a) < formatOffset(b)).toBe(a < b);
        expect(parseOffset(formatOffset(a))).toBe(a);
      }),
    );
  });

  it('knows the words of the protocol, and what others write for a beginning', () => {
    expect(parseOffset('-1')).toBe('start');
    expect(parseOffset('now')).toBe('now');
    expect(parseOffset('0000000000000000_0000000000000000')).toBe(0);
  });

  it.each(['', '0', 'Now', '-2', '12', '00000000000000012', '0000000000000000_1', ' 0000000000000000', '9'.repeat(16)])(
    'takes "%s" for none',
    (text) => expect(parseOffset(text)).toBeUndefined(),
  );
});
