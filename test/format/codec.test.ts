import { describe, expect, it } from 'vitest';
import { chain, type Codec, type CodecOptions, codecRules, each, malformed, tooLarge } from '../../src/format/codec.js';
import { outcome } from './pieces.js';

/** Holds each input until the next comes, and shows the options it was made with. */
const behind: Codec<string, string> = {
  create(options) {
    let held = `made with ${JSON.stringify(options)}`;
    return {
      push(input) {
        const output = held;
        held = input;
        return [output];
      },
      flush: () => [held, 'end'],
    };
  },
};
const doubled = each((input: string) => (input === '' ? undefined : input + input));

describe('chain', () => {
  it('puts what comes out of the first into the second, also at the end', () => {
    expect(outcome(chain(doubled, behind), ['a', '', 'b'])).toEqual(['made with undefined', 'aa', 'bb', 'end']);
    expect(outcome(chain(behind, behind), ['a'])).toEqual([
      'made with undefined',
      'made with undefined',
      'a',
      'end',
      'end',
    ]);
  });

  it('hands the options to both', () => {
    const [first, second] = outcome(chain(behind, behind), ['a'], { fatal: false });
    expect([first, second]).toEqual(['made with {"fatal":false}', 'made with {"fatal":false}']);
  });

  it('makes nothing that is not taken', () => {
    const asked: string[] = [];
    const counted = each((input: string) => {
      asked.push(input);
      return input;
    });
    const split: Codec<string, string> = { create: () => ({ push: (input) => input, flush: () => [] }) };
    const [first] = chain(split, counted).create().push('abc');
    expect(first).toBe('a');
    expect(asked).toEqual(['a']);
  });

  it('starts every stream anew', () => {
    const codec = chain(behind, behind);
    expect(outcome(codec, ['a'])).toEqual(outcome(codec, ['a']));
  });
});

describe('each', () => {
  it('makes one output of an input, or none', () => {
    expect(outcome(doubled, ['a', '', 'b'])).toEqual(['aa', 'bb']);
  });
});

describe('codecRules', () => {
  it('knows the defaults', () => {
    expect(codecRules()).toEqual({ maxFrameBytes: 1_048_576, onTruncated: undefined, fatal: true });
    expect(codecRules({ maxFrameBytes: Infinity }).maxFrameBytes).toBe(Infinity);
  });

  it.each<[unknown, string]>([
    [{ maxFrameBytes: 0 }, 'maxFrameBytes must be a whole number of at least 1 or Infinity, got 0'],
    [{ onTruncated: 'skip' }, 'onTruncated must be "error", "emit" or "drop"'],
    [{ fatal: 'no' }, 'fatal must be true or false'],
  ])('refuses %o', (options, message) => {
    expect(() => doubled.create(options as CodecOptions)).toThrow(message);
  });
});

describe('errors of codecs', () => {
  it('name the format and what is wrong', () => {
    const cause = new Error('why');
    expect(malformed('json', 'bad', cause)).toMatchObject({ code: 'data-malformed', message: 'json: bad', cause });
    expect(malformed('json', 'bad')).not.toHaveProperty('cause');
    expect(tooLarge('lines', 'a line', 7)).toMatchObject({
      code: 'overflow',
      message: 'lines: a line has more than maxFrameBytes = 7 bytes',
    });
  });
});
