import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fromBase64, portableFromBase64, portableToBase64, toBase64 } from '../../src/chunk/base64.js';

const utf8 = new TextEncoder();

/** RFC 4648 section 10. */
const vectors = [
  ['', ''],
  ['f', 'Zg=='],
  ['fo', 'Zm8='],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg=='],
  ['fooba', 'Zm9vYmE='],
  ['foobar', 'Zm9vYmFy'],
] as const;

const ways = [
  { way: 'with Buffer', encode: toBase64, decode: fromBase64 },
  { way: 'as in a browser', encode: portableToBase64, decode: portableFromBase64 },
];

describe.each(ways)('base64 $way', ({ encode, decode }) => {
  it.each(vectors)('writes %o as %o and reads it again', (text, base64) => {
    expect(encode(utf8.encode(text))).toBe(base64);
    expect(decode(base64)).toEqual(utf8.encode(text));
  });

  it('loses no byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(decode(encode(bytes))).toEqual(bytes);
      }),
    );
  });

  it('carries bytes that take more than one piece', () => {
    const bytes = new Uint8Array(100_000).map((_, i) => i * 31);
    expect(decode(encode(bytes))).toEqual(bytes);
  });

  it('reads a view into larger memory', () => {
    expect(encode(utf8.encode('..foobar..').subarray(2, 8))).toBe('Zm9vYmFy');
  });

  it('answers with memory of its own', () => {
    const bytes = decode('Zm9v')!;
    expect(bytes.buffer.byteLength).toBe(3);
    expect(bytes.constructor).toBe(Uint8Array);
  });

  it.each([
    ['no padding', 'Zg'],
    ['half of the padding', 'Zg='],
    ['padding in the middle', 'Zg==Zg=='],
    ['too much padding', 'Zm9v===='],
    ['stray bits', 'Zh=='],
    ['the alphabet of URLs', '_-_-'],
    ['white space', 'Zm9v\n'],
    ['white space inside', 'Zm 9v'],
    ['a letter outside', 'Zm9é'],
    ['a single letter', 'Z'],
  ])('refuses %s', (_, text) => {
    expect(decode(text)).toBeUndefined();
  });

  it('takes only what it would write', () => {
    const text = fc.string({ unit: fc.constantFrom(...'AQgwZz019+/=_- \n'), maxLength: 12 });
    fc.assert(
      fc.property(text, (given) => {
        const bytes = decode(given);
        if (bytes !== undefined) expect(encode(bytes)).toBe(given);
      }),
    );
  });
});

describe('base64 without Buffer', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it('goes the way of browsers', async () => {
    vi.stubGlobal('Buffer', undefined);
    vi.resetModules();
    const browser = await import('../../src/chunk/base64.js');
    vi.unstubAllGlobals();
    const from = vi.spyOn(Buffer, 'from');
    expect(browser.toBase64(utf8.encode('foo'))).toBe('Zm9v');
    expect(browser.fromBase64('Zm9v')).toEqual(utf8.encode('foo'));
    expect(browser.fromBase64('Zm9')).toBeUndefined();
    expect(from).not.toHaveBeenCalled();
    from.mockRestore();
  });
});
