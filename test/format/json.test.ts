import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { json } from '../../src/format/json.js';
import { streamError } from '../operators/alphabet.js';
import { outcome } from './pieces.js';

describe('json', () => {
  it('reads what it wrote', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ noUnicodeString: true } as never)), (values) => {
        const plain = JSON.parse(JSON.stringify(values)) as never[];
        expect(outcome(json.decode, outcome(json.encode, plain) as string[])).toEqual(plain);
      }),
    );
  });

  it('skips blank texts', () => {
    expect(outcome(json.decode, ['1', '', ' \t\r\n', '2'])).toEqual([1, 2]);
  });

  it.each(['{"a":', 'whale', '1 2', '\u00a0'])('fails on %j', (text) => {
    expect(outcome(json.decode, ['1', text, '2'])).toEqual([
      1,
      streamError('data-malformed', 'json: a text is not JSON'),
    ]);
  });

  it.each([undefined, NaN, new Date(0), () => 1, '\ud800'])(
    'writes nothing for %s, which JSON cannot hold',
    (value) => {
      expect(outcome(json.encode, [value as never])).toEqual([streamError('data-malformed', 'json: a value holds')]);
    },
  );
});
