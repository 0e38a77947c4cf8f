import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/format/utf8.js';
import { streamError } from '../operators/alphabet.js';
import { bytesOf, crumbs, cuts, joined, outcome, pieces, text } from './pieces.js';

const cut = (content: string, end: number) => [bytesOf(content).slice(0, end)];

describe('utf8', () => {
  it('reads the same text however the bytes are split', () => {
    fc.assert(
      fc.property(text, cuts, (content, places) => {
        expect(outcome(utf8.decode, pieces(bytesOf(content), places)).join('')).toBe(content);
      }),
    );
    expect(outcome(utf8.decode, crumbs(bytesOf('é🐋')))).toEqual(['é', '🐋']);
  });

  it('writes the same bytes however the text is split', () => {
    fc.assert(
      fc.property(text, cuts, (content, places) => {
        const written = outcome(utf8.encode, pieces(content, places)) as Uint8Array[];
        expect(joined(written)).toEqual(bytesOf(content));
        expect(written.every(({ length }) => length > 0)).toBe(true);
      }),
    );
    expect(outcome(utf8.encode, crumbs('🐋'))).toEqual([bytesOf('🐋')]);
  });

  it('replaces what is no UTF-8 as the platform does, when told to, however the bytes are split', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), cuts, (bytes, places) => {
        const read = outcome(utf8.decode, pieces(bytes, places), { fatal: false }).join('');
        expect(read).toBe(new TextDecoder().decode(bytes));
      }),
    );
  });

  it('fails on bytes that are no UTF-8, behind the text before them', () => {
    expect(outcome(utf8.decode, [bytesOf('a'), Uint8Array.of(0xff), bytesOf('b')])).toEqual([
      'a',
      streamError('data-malformed', 'utf8: the bytes are not UTF-8'),
    ]);
  });

  it('leaves a byte order mark out', () => {
    expect(outcome(utf8.decode, crumbs(bytesOf('\ufeffa')))).toEqual(['a']);
  });

  it.each([
    [{}, [streamError('data-malformed', 'within a character')]],
    [{ fatal: false }, ['\ufffd']],
    [{ onTruncated: 'emit' }, ['\ufffd']],
    [{ onTruncated: 'drop' }, []],
    [{ onTruncated: 'drop', fatal: false }, []],
    [{ onTruncated: 'error', fatal: false }, [streamError('data-malformed')]],
  ] as const)('with %o treats a character cut off so: %j', (options, left) => {
    expect(outcome(utf8.decode, cut('a🐋', 4), options)).toEqual(['a', ...left]);
  });

  it('fails on a lone surrogate, or replaces it', () => {
    const lone = streamError('data-malformed', 'utf8: the text holds a lone surrogate');
    expect(outcome(utf8.encode, ['a\ud83d', 'b'])).toEqual([bytesOf('a'), lone]);
    expect(outcome(utf8.encode, ['\udc0b'])).toEqual([lone]);
    expect(joined(outcome(utf8.encode, ['a\ud83d', 'b'], { fatal: false }) as Uint8Array[])).toEqual(
      bytesOf('a\ufffdb'),
    );
  });

  it.each([
    [{}, [streamError('data-malformed', 'within a surrogate pair')]],
    [{ fatal: false }, [bytesOf('\ufffd')]],
    [{ onTruncated: 'emit' }, [bytesOf('\ufffd')]],
    [{ onTruncated: 'drop' }, []],
  ] as const)('with %o treats half a surrogate pair at the end so', (options, left) => {
    expect(outcome(utf8.encode, ['a\ud83d'], options)).toEqual([bytesOf('a'), ...left]);
  });
});
