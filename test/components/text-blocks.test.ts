import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextBlocks } from '../../src/components/text-blocks.js';

/** The blocks that a text becomes, put in piece by piece. */
function blocksOf(...pieces: string[]): string[] {
  const blocks = new TextBlocks();
  const made: string[] = [];
  for (const { text, joins } of pieces.flatMap((piece) => blocks.add(piece))) {
    if (joins) made.push(made.pop()! + text);
    else made.push(text);
  }
  return made;
}

describe('TextBlocks', () => {
  it('keeps what is short in one block', () => {
    expect(blocksOf('Call me ', 'Ishmael.\n', 'Some years ago')).toEqual(['Call me Ishmael.\nSome years ago']);
  });

  it('begins a block behind the first line end when one is long enough', () => {
    const [one, two] = [`${'a'.repeat(2100)}\n`, 'b\n'];
    expect(blocksOf(one + two)).toEqual([one, two]);
    expect(blocksOf('x\n'.repeat(999), 'y', 'z\n', 'next')).toEqual([`${'x\n'.repeat(999)}yz\n`, 'next']);
  });

  it('cuts a line that never ends, at a space where there is one', () => {
    const words = blocksOf('word '.repeat(2000));
    expect(words.length).toBeGreaterThan(2);
    for (const block of words.slice(0, -1)) expect(block.endsWith(' ')).toBe(true);
    for (const block of blocksOf('x'.repeat(1_000_000))) expect(block.length).toBeLessThanOrEqual(4000);
  });

  it('cuts within no character', () => {
    for (const sign of ['👩‍👩‍👧‍👦', '🇩🇪', 'é', '𝄞']) {
      for (const shift of [0, 1, 2, 3]) {
        for (const block of blocksOf('.'.repeat(shift) + sign.repeat(5000))) {
          expect(block.isWellFormed()).toBe(true);
          expect(block.startsWith('\u200d') || block.startsWith('\u0301')).toBe(false);
        }
      }
    }
    expect(blocksOf('\u0301'.repeat(9000)).join('')).toHaveLength(9000);
  });

  it('doubles nothing where a block has room for one more, and what comes belongs together', () => {
    for (const sign of ['\u0301', '😀', 'e\u0301\u0301', '👩‍👩‍👧‍👦']) {
      for (const filled of [3984, 3998, 3999]) {
        const pieces = ['x'.repeat(filled), `${sign.repeat(30)}end`];
        expect(blocksOf(...pieces).join('')).toBe(pieces.join(''));
      }
    }
  });

  it('loses and adds nothing, however the text is put in, and no block is long', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.integer({ min: 0, max: 9000 }).map((length) => 'ab c\n'.repeat(length).slice(0, length)),
      fc.integer({ min: 0, max: 9000 }).map((length) => '😀'.repeat(length)),
      fc.integer({ min: 0, max: 9000 }).map((length) => 'e\u0301'.repeat(length)),
      fc.integer({ min: 0, max: 5000 }).map((length) => '\u0301'.repeat(length)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const made = blocksOf(...pieces);
        expect(made.join('')).toBe(pieces.join(''));
        for (const block of made) expect(block.length).toBeLessThanOrEqual(4002);
      }),
      { numRuns: 60 },
    );
  });
});
