import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base64 } from '../../src/format/base64.js';
import { streamError } from '../operators/alphabet.js';
import { crumbs, cuts, joined, outcome, pieces } from './pieces.js';

const encoded = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const bytes = fc.uint8Array({ maxLength: 40 });
const wrong = streamError('data-malformed', 'base64: the text is not base64');

describe('base64', () => {
  it('writes one encoding however the bytes are split', () => {
    fc.assert(
      fc.property(bytes, cuts, (whole, places) => {
        const written = outcome(base64.encode, pieces(whole, places));
        expect(written.join('')).toBe(encoded(whole));
        expect(written).not.toContain('');
      }),
    );
  });

  it('reads the same bytes however the text is split', () => {
    fc.assert(
      fc.property(bytes, cuts, (whole, places) => {
        const read = outcome(base64.decode, pieces(encoded(whole), places)) as Uint8Array[];
        expect(joined(read)).toEqual(whole);
      }),
    );
  });

  it('keeps no piece that is handed in', () => {
    const piece = Uint8Array.of(1);
    const coder = base64.encode.create();
    expect([...coder.push(piece)]).toEqual([]);
    piece[0] = 9;
    expect([...coder.push(Uint8Array.of(2, 3))]).toEqual([encoded(Uint8Array.of(1, 2, 3))]);
    expect([...coder.flush()]).toEqual([]);
  });

  it.each(['Zm9v!', 'Zm 9vZm9v', 'Zm9-', 'Zg==Zg==', 'Zh=='])('fails on %j, however it is split', (text) => {
    for (const parts of [[text], crumbs(text), [text.slice(0, 4), text.slice(4)]]) {
      const read = outcome(base64.decode, parts);
      expect(read.at(-1)).toEqual(streamError('data-malformed', 'base64'));
    }
  });

  it('fails on text behind the padding', () => {
    expect(outcome(base64.decode, ['Zg==Z'])).toEqual([wrong]);
    expect(outcome(base64.decode, ['Zg==', '', 'Z'])).toEqual([
      Uint8Array.of(102),
      streamError('data-malformed', 'behind the padding'),
    ]);
  });

  it.each([
    [{}, 'Zm9vZm8', [streamError('data-malformed', 'within a group of four')]],
    [{ onTruncated: 'drop' }, 'Zm9vZm8', []],
    [{ onTruncated: 'emit' }, 'Zm9vZm8', [Uint8Array.of(102, 111)]],
    [{ onTruncated: 'emit' }, 'Zm9vZg', [Uint8Array.of(102)]],
    [{ onTruncated: 'emit' }, 'Zm9vZ', []],
    [{ onTruncated: 'emit' }, 'Zm9vZh', [wrong]],
  ] as const)('with %o treats the end of %j so', (options, text, left) => {
    expect(outcome(base64.decode, [text], options)).toEqual([Uint8Array.of(102, 111, 111), ...left]);
  });
});
