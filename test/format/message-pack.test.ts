import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messagePack } from '../../src/format/message-pack.js';
import { streamError } from '../operators/alphabet.js';
import { crumbs, cuts, joined, outcome, pieces, text } from './pieces.js';

/** The sign of a zero is lost: there is a test for that. */
const double = fc.double({ noNaN: true }).map((number) => (number === 0 ? 0 : number));

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(text, fc.integer(), double, fc.boolean(), fc.constant(null), fc.uint8Array()),
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(text, tie('value'), { maxKeys: 20 }),
    fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }),
  ),
}));

describe('messagePack', () => {
  it('reads the same values however the bytes are split, and what it wrote', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 5 }), cuts, (values, places) => {
        const written = joined(outcome(messagePack.encode, values) as Uint8Array[]);
        expect(outcome(messagePack.decode, pieces(written, places))).toEqual(values);
      }),
    );
  });

  it('does not keep the sign of a zero', () => {
    expect(outcome(messagePack.decode, outcome(messagePack.encode, [-0]) as Uint8Array[])).toEqual([0]);
  });

  it('gives a value as soon as its last byte is there', () => {
    const coder = messagePack.decode.create();
    const counts = crumbs(joined([encode([1, 'a']), encode(2)])).map((byte) => [...coder.push(byte)].length);
    expect(counts).toEqual([0, 0, 0, 1, 1]);
  });

  it('reads a long value in small pieces', () => {
    const long = { data: new Uint8Array(300_000).fill(7), text: 'whale '.repeat(10_000) };
    const bytes = encode(long);
    const parts = Array.from({ length: Math.ceil(bytes.length / 100) }, (_, i) => bytes.slice(i * 100, i * 100 + 100));
    expect(outcome(messagePack.decode, parts)).toEqual([long]);
  });

  it('gives bytes that do not change afterwards', () => {
    const coder = messagePack.decode.create();
    const [first] = [...coder.push(encode(Uint8Array.of(1, 2, 3)))];
    expect([...coder.push(encode(Uint8Array.of(9, 9, 9)))]).toHaveLength(1);
    expect(first).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('fails on a value that is too large as soon as that is known', () => {
    const tooLarge = streamError('overflow', 'messagePack: a value has more than maxFrameBytes = 8 bytes');
    expect(outcome(messagePack.decode, [encode('1234567'), encode('12345678')], { maxFrameBytes: 8 })).toEqual([
      '1234567',
      tooLarge,
    ]);
    // A string of 4 GiB, and an array of as many values: of each no more than the head.
    for (const head of [0xdb, 0xdd]) {
      expect(outcome(messagePack.decode, [Uint8Array.of(head, 255, 255, 255, 255)])).toEqual([streamError('overflow')]);
    }
  });

  it('fails on what is no MessagePack, behind what came before', () => {
    expect(outcome(messagePack.decode, [Uint8Array.of(1, 0xc1, 2)])).toEqual([
      1,
      streamError('data-malformed', 'messagePack: the bytes are not MessagePack'),
    ]);
    // A map whose key is an array.
    expect(outcome(messagePack.decode, [Uint8Array.of(0x81, 0x90, 1)])).toEqual([
      streamError('data-malformed', 'cannot be decoded'),
    ]);
  });

  it.each([
    [{}, [streamError('data-malformed', 'the data end within a value')]],
    [{ onTruncated: 'emit' }, [streamError('data-malformed')]],
    [{ onTruncated: 'drop' }, []],
  ] as const)('with %o treats a value cut off so', (options, left) => {
    expect(outcome(messagePack.decode, [encode(1), encode('whale').slice(0, 3)], options)).toEqual([1, ...left]);
  });

  it('writes nothing for a value that cannot be encoded', () => {
    expect(outcome(messagePack.encode, [() => 1])).toEqual([streamError('data-malformed', 'cannot be encoded')]);
  });
});
