import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ndjson } from '../../src/format/ndjson.js';
import { streamError } from '../operators/alphabet.js';
import { bytesOf, crumbs, cuts, joined, outcome, pieces, text } from './pieces.js';

describe('ndjson', () => {
  it('reads the same values however the bytes are split, and what it wrote', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(text, fc.oneof(text, fc.integer(), fc.constant(null)))),
        cuts,
        (values, places) => {
          const plain = JSON.parse(JSON.stringify(values)) as never[];
          const bytes = joined(outcome(ndjson.encode, plain) as Uint8Array[]);
          expect(outcome(ndjson.decode, pieces(bytes, places))).toEqual(plain);
        },
      ),
    );
  });

  it('writes a line a value', () => {
    expect(outcome(ndjson.encode, [{ a: 1 }, 'b\n'])).toEqual([bytesOf('{"a":1}\n'), bytesOf('"b\\n"\n')]);
  });

  it('skips blank lines, and takes a last line without its end', () => {
    expect(outcome(ndjson.decode, crumbs(bytesOf('1\r\n\n  \n{"a":"é"}')))).toEqual([1, { a: 'é' }]);
  });

  it('fails on a last line that is cut off, or drops it', () => {
    const whole = [bytesOf('{"a":1}\n{"a":')];
    expect(outcome(ndjson.decode, whole)).toEqual([{ a: 1 }, streamError('data-malformed', 'not JSON')]);
    expect(outcome(ndjson.decode, whole, { onTruncated: 'drop' })).toEqual([{ a: 1 }]);
    expect(outcome(ndjson.decode, whole, { onTruncated: 'error' })).toEqual([
      { a: 1 },
      streamError('data-malformed', 'within a line'),
    ]);
  });

  it('fails on a line that is too long', () => {
    const line = [bytesOf('[1]\n["a long one"]\n')];
    expect(outcome(ndjson.decode, line, { maxFrameBytes: 5 })).toEqual([
      [1],
      streamError('overflow', 'maxFrameBytes = 5'),
    ]);
  });
});
