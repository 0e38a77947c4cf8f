import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GrowingText } from '../../operators/growing-text.js';

const units = fc.string({ unit: fc.constantFrom('a', 'é', '\ud83d', '\udc0b', '🐋'), maxLength: 12 });

describe('GrowingText', () => {
  it('joins its pieces when somebody looks, and remembers how it was', () => {
    const text = new GrowingText(100);
    const lengths = ['ab', '', 'c', 'de'].map((piece) => {
      text.append(piece);
      return text.length;
    });
    expect(lengths).toEqual([2, 2, 3, 5]);
    expect(text.upTo(3)).toBe('abc');
    expect(text.upTo(5)).toBe('abcde');
    expect(text.upTo(2)).toBe('ab');
    text.append('f');
    expect(text.upTo(6)).toBe('abcdef');
  });

  it('holds half of a surrogate pair until the other half comes', () => {
    const text = new GrowingText(100);
    expect(text.append('a\ud83d')).toBe('a');
    expect(text.append('')).toBe('');
    expect(text.append('\udc0bb')).toBe('🐋b');
    expect(text.append('\ud83d', true)).toBe('\ufffd');
    expect(text.upTo(text.length)).toBe('a🐋b\ufffd');
  });

  it('is well-formed at any time, and the same however its pieces are cut', () => {
    fc.assert(
      fc.property(fc.array(units), (pieces) => {
        const text = new GrowingText(Infinity);
        for (const piece of pieces) {
          expect(text.append(piece).isWellFormed()).toBe(true);
          expect(text.upTo(text.length).isWellFormed()).toBe(true);
        }
        text.append('', true);
        expect(text.upTo(text.length)).toBe(pieces.join('').toWellFormed());
      }),
    );
  });

  it('takes no more than its bound, and nothing behind what did not fit', () => {
    const text = new GrowingText(4);
    expect([text.append('abc'), text.full]).toEqual(['abc', false]);
    expect([text.append('d'), text.full]).toEqual(['d', false]);
    expect([text.append(''), text.full]).toEqual(['', false]);
    expect([text.append('e'), text.full]).toEqual(['', true]);
    const cut = new GrowingText(4);
    expect([cut.append('abc🐋'), cut.full, cut.length]).toEqual(['abc', true, 3]);
    expect(cut.append('d')).toBe('');
    expect(cut.upTo(3)).toBe('abc');
  });

  it('takes long texts of small pieces in linear time, also when it is read at each', () => {
    const text = new GrowingText(Infinity);
    let read = 0;
    // Written out anew at each step it would take 20 000 000 000 steps: longer than a test may last.
    for (let n = 0; n < 200_000; n++) {
      text.append('x');
      read += text.upTo(text.length).length - n;
    }
    expect(read).toBe(200_000);
  });
});
