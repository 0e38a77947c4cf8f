import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lines } from '../../src/format/lines.js';
import { streamError } from '../operators/alphabet.js';
import { crumbs, cuts, outcome, pieces, text } from './pieces.js';

/** The plainest program: all the text, split at once. */
function naive(content: string): string[] {
  const parts = content.split('\n');
  const last = parts.pop()!;
  return [...parts.map((line) => line.replace(/\r$/, '')), ...(last === '' ? [] : [last])];
}

const tooLong = (bytes: number) =>
  streamError('overflow', `lines: a line has more than maxFrameBytes = ${bytes} bytes`);

describe('lines', () => {
  it('finds the same lines however the text is split', () => {
    fc.assert(
      fc.property(text, cuts, (content, places) => {
        expect(outcome(lines.decode, pieces(content, places))).toEqual(naive(content));
      }),
    );
    expect(outcome(lines.decode, crumbs('ab\r\n\nc'))).toEqual(['ab', '', 'c']);
  });

  it('gives a line as soon as its end is there', () => {
    const coder = lines.decode.create();
    expect([...coder.push('ab')]).toEqual([]);
    expect([...coder.push('c\nd\ne')]).toEqual(['abc', 'd']);
    expect([...coder.flush()]).toEqual(['e']);
  });

  it.each([
    [{}, ['b']],
    [{ onTruncated: 'emit' }, ['b']],
    [{ onTruncated: 'drop' }, []],
    [{ onTruncated: 'error' }, [streamError('data-malformed', 'the text ends within a line')]],
  ] as const)('with %o treats a last line without its end so', (options, left) => {
    expect(outcome(lines.decode, ['a\nb'], options)).toEqual(['a', ...left]);
    expect(outcome(lines.decode, ['a\n'], options)).toEqual(['a']);
  });

  it('fails at a line that is too long, behind those before it', () => {
    expect(outcome(lines.decode, ['abc\nabcd\na\n'], { maxFrameBytes: 3 })).toEqual(['abc', tooLong(3)]);
    expect(outcome(lines.decode, crumbs('abc\r\nabcd\n'), { maxFrameBytes: 3 })).toEqual(['abc', tooLong(3)]);
    expect(outcome(lines.decode, ['abcd'], { maxFrameBytes: 3 })).toEqual([tooLong(3)]);
  });

  it('counts bytes, not characters', () => {
    expect(outcome(lines.decode, ['€€\n'], { maxFrameBytes: 6 })).toEqual(['€€']);
    expect(outcome(lines.decode, ['€€\n'], { maxFrameBytes: 5 })).toEqual([tooLong(5)]);
    expect(outcome(lines.decode, ['€€'], { maxFrameBytes: 5 })).toEqual([tooLong(5)]);
  });

  it('does not hold a line that never ends', () => {
    const coder = lines.decode.create({ maxFrameBytes: 1000 });
    let pushed = 0;
    const push = () => {
      for (; pushed < 100_000; pushed++) for (const line of coder.push('x')) throw new Error(line);
    };
    expect(push).toThrow('maxFrameBytes = 1000');
    expect(pushed).toBe(1001);
  });

  it('writes lines that are read again', () => {
    const line = fc
      .string({ unit: fc.constantFrom('a', '\r', ' ', '🐋') })
      .map((content) => content.replace(/\r+$/, ''));
    fc.assert(
      fc.property(fc.array(line), cuts, (all, places) => {
        const written = outcome(lines.encode, all).join('');
        expect(outcome(lines.decode, pieces(written, places))).toEqual(all);
      }),
    );
  });

  it('writes no line that would be read as another', () => {
    for (const line of ['b\nc', 'b\r']) {
      expect(outcome(lines.encode, ['a', line])).toEqual(['a\n', streamError('data-malformed', 'a line holds LF')]);
    }
  });
});
