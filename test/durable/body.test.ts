import { describe, expect, it } from 'vitest';
import { decodeChunk } from '../../src/chunk/index.js';
import { encodeBody, encodeJson } from '../../src/durable/body.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (body: Uint8Array, type: 'text' | 'json' | 'binary' | 'image', maxMessages?: number) =>
  encodeBody(body, { type, timestamp: 7, ...(maxMessages === undefined ? {} : { maxMessages }) }).map((chunk, i) =>
    decodeChunk('s', i, chunk),
  );

describe('encodeBody', () => {
  it('makes one chunk of text, byte order mark and all', () => {
    expect(decode(bytes('\ufeffcafé'), 'text')).toMatchObject([
      { type: 'text', data: '\ufeffcafé', size: 8, timestamp: 7 },
    ]);
  });

  it.each([[[0xff]], [[0x63, 0xc3]], [[0xed, 0xa0, 0x80]], [[0xc0, 0x80]]])(
    'keeps the bytes %j of what is no text',
    (body) => {
      expect(decode(Uint8Array.from(body), 'text')).toMatchObject([{ type: 'binary', data: Uint8Array.from(body) }]);
    },
  );

  it('makes a chunk of bytes of all else', () => {
    expect(decode(bytes('a'), 'image')).toMatchObject([{ type: 'image', data: bytes('a'), size: 1 }]);
  });

  it('makes a chunk of each element of an array, one level deep', () => {
    expect(decode(bytes('[[1,2],{"a":null}]'), 'json').map(({ data }) => data)).toEqual([[1, 2], { a: null }]);
    expect(decode(bytes(' "é" '), 'json')).toMatchObject([{ data: 'é', size: 4 }]);
    expect(decode(bytes('[]'), 'json')).toEqual([]);
  });

  it('gives metadata to the last chunk', () => {
    const chunks = encodeBody(bytes('[1,2]'), { type: 'json', timestamp: 0, metadata: { sequence: 'b' } });
    expect(chunks.map((chunk) => decodeChunk('s', 0, chunk).metadata)).toEqual([{}, { sequence: 'b' }]);
  });

  it.each(['', '{', '{"a":1', 'undefined', '[1,]', '"\\ud800"', '\ufeff1', `${'['.repeat(200)}${']'.repeat(200)}`])(
    'refuses %s as JSON',
    (body) => expect(() => decode(bytes(body), 'json')).toThrow(/the body is/),
  );

  it('refuses what is far too deep without parsing it, which would take seconds', () => {
    for (const opening of ['[', '{"a":', '["]]",{"\\"}":']) {
      expect(() => decode(bytes(opening.repeat(2000)), 'json'), opening).toThrow('nested deeper than');
    }
  });

  it('counts no brackets within text, nor such as are closed', () => {
    const values = ['['.repeat(2000), '"{\\'.repeat(2000), ...Array.from({ length: 2000 }, () => [{}])];
    expect(decode(bytes(JSON.stringify(values)), 'json').map(({ data }) => data)).toEqual(values);
    expect(() => decode(bytes('"' + '['.repeat(2000)), 'json')).toThrow('is not JSON');
  });

  it('refuses bytes as JSON, and arrays nested 10 000 deep', () => {
    expect(() => decode(Uint8Array.of(0x22, 0xff, 0x22), 'json')).toThrow('not JSON in UTF-8');
    expect(() => decode(bytes('['.repeat(10_000) + ']'.repeat(10_000)), 'json')).toThrow('nested deeper than');
  });

  it('refuses more messages than one append takes', () => {
    expect(decode(bytes('[1,2,3]'), 'json', 3)).toHaveLength(3);
    expect(() => decode(bytes('[1,2,3,4]'), 'json', 3)).toThrow('an append takes 3 messages');
  });

  it('makes a chunk of one value', () => {
    expect(decodeChunk('s', 0, encodeJson({ a: 'é' }, { timestamp: 3 }))).toMatchObject({ data: { a: 'é' }, size: 10 });
  });
});
