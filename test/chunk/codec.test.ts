import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type Chunk, type ChunkData, type ChunkInit, chunkOf, createChunk } from '../../src/chunk/chunk.js';
import { checkBody, chunkFromJson, chunkToJson, decodeChunk, encodeChunk } from '../../src/chunk/codec.js';
import { StreamError } from '../../src/chunk/errors.js';
import { dataFile } from '../data.js';
import { codePoint } from './code-point.js';

const utf8 = new TextEncoder();
const place = { streamId: 'books/moby-dick', seq: 7, timestamp: 1_700_000_000_000 };

const samples: readonly (Omit<ChunkInit, 'streamId' | 'seq'> & { data: ChunkData })[] = [
  { data: '' },
  { data: 'plain' },
  { data: 'quote " backslash \\ line\nfeed tab\t nul\u0000 \u2028 é 漢字 😀' },
  { data: 'all of it', final: true, checksum: true, metadata: { a: { b: [1, 'é'] } }, timestamp: 0 },
  { data: 'half a millisecond', timestamp: 0.5 },
  { data: null },
  { data: 0 },
  { data: false },
  { data: '', type: 'json' },
  { data: 'a string', type: 'json' },
  { data: [] },
  { data: { nested: [{ deep: [null, 0, '', -1.5e-7] }], 'key "q"': 'é' } },
  { data: JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"toString":2}') as ChunkData },
  { data: 'x', metadata: JSON.parse('{"__proto__":{"polluted":true}}') as Record<string, never> },
  { data: new Uint8Array(0) },
  { data: Uint8Array.from({ length: 256 }, (_, i) => i), checksum: true },
  { data: Uint8Array.of(1, 2, 3), type: 'audio', final: true },
  { data: Uint8Array.of(1, 2, 3).subarray(1), type: 'image', metadata: { width: 2 } },
  { data: 'one line\n\nand \u2028 another\n' },
];

const chunks = samples.map((sample) => createChunk({ ...place, ...sample }));

/** The head of one of them, as it comes from a stranger. */
function headOf(chunk: Chunk, fields: Readonly<Record<string, unknown>> = {}): object {
  return { ...(JSON.parse(encodeChunk(chunk).head) as object), ...fields };
}

const plain = createChunk({ ...place, data: 'plain' });
const binary = createChunk({ ...place, data: Uint8Array.of(1, 2, 3) });

describe('encodeChunk', () => {
  it.each(chunks)('and decodeChunk lose nothing of $type $data', (chunk) => {
    const decoded = decodeChunk(place.streamId, place.seq, encodeChunk(chunk));
    expect(decoded).toStrictEqual({ ...chunk });
    expect(Object.isFrozen(decoded)).toBe(true);
    expect(JSON.stringify(decoded.data)).toBe(JSON.stringify(chunk.data));
  });

  it.each(chunks)('counts the bytes of $type $data', (chunk) => {
    const { head, bytes, size, length } = encodeChunk(chunk);
    expect(size).toBe(chunk.size);
    expect(length).toBe(utf8.encode(head).length + (bytes?.length ?? 0));
  });

  it('writes one line of JSON, without what can be left out', () => {
    expect(encodeChunk(plain).head).toBe('{"type":"text","data":"plain","size":5,"timestamp":1700000000000}');
    expect(encodeChunk(binary)).toMatchObject({ head: '{"type":"binary","size":3,"timestamp":1700000000000}' });
    for (const chunk of chunks) expect(encodeChunk(chunk).head).not.toContain('\n');
  });

  it('writes a timestamp of nothing first of all', async () => {
    vi.resetModules();
    const fresh = await import('../../src/chunk/codec.js');
    const { head } = fresh.encodeChunk(createChunk({ ...place, data: '', timestamp: 0 }));
    expect(head).toBe('{"type":"text","data":"","size":0,"timestamp":0}');
  });

  it('hands the bytes on as they are', () => {
    expect(encodeChunk(binary).bytes).toBe(binary.data);
  });

  it('leaves prototypes alone', () => {
    for (const chunk of chunks) decodeChunk('s', 0, encodeChunk(chunk));
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    const { data } = decodeChunk('s', 0, encodeChunk(chunks[12]!));
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
    expect(Object.keys(data as object)).toEqual(['__proto__', 'constructor', 'toString']);
  });

  it('loses nothing of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: codePoint }), (data) => {
        const chunk = createChunk({ ...place, data });
        expect(decodeChunk(place.streamId, place.seq, encodeChunk(chunk))).toEqual(chunk);
        expect(chunkFromJson(chunkToJson(chunk))).toEqual(chunk);
      }),
    );
  });
});

describe('checkBody', () => {
  it.each(chunks)('takes what encodeChunk wrote of $type $data', (chunk) => {
    const { head, bytes } = encodeChunk(chunk);
    const { streamId: _streamId, seq: _seq, ...body } = chunk;
    expect(checkBody(JSON.parse(head), bytes)).toStrictEqual(body);
  });

  it.each([
    ['an unknown field', headOf(plain, { extra: 1 }), 'must not have a field "extra"', undefined],
    ['a place', headOf(plain, { seq: 1 }), 'must not have a field "seq"', undefined],
    [
      'a prototype',
      JSON.parse('{"__proto__":{},"type":"json","data":1,"size":1,"timestamp":1}'),
      '"__proto__"',
      undefined,
    ],
    ['no type', headOf(plain, { type: undefined }), 'must be text or json or binary or audio or image', 'type'],
    ['data of the wrong kind', headOf(plain, { data: 5 }), 'must be a well-formed string, got a number', 'data'],
    ['a lone surrogate', headOf(plain, { data: '\ud83d' }), 'got a lone surrogate', 'data'],
    ['final that is no boolean', headOf(plain, { final: 'yes' }), 'must be true or false, got a string', 'final'],
    ['metadata that is no object', headOf(plain, { metadata: 1 }), 'must be a JSON object and is a number', 'metadata'],
    ['a size that is none', headOf(plain, { size: 0.5 }), 'got a fractional number', 'size'],
    ['a wrong size', headOf(plain, { size: 4 }), 'says 4 but the data takes 5 bytes', 'size'],
    ['null', null, 'must be an object, got null', undefined],
  ])('refuses %s', (_, head: unknown, message, field) => {
    const check = () => checkBody(head);
    expect(check).toThrow(StreamError);
    expect(check).toThrow(message);
    const details: unknown =
      field === undefined
        ? expect.not.objectContaining({ field: expect.anything() as unknown })
        : expect.objectContaining({ field });
    expect(check).toThrow(expect.objectContaining({ code: 'chunk-invalid', details }));
  });

  it('refuses a binary chunk without its bytes, or with others', () => {
    const head = headOf(binary);
    expect(() => checkBody(head)).toThrow(
      expect.objectContaining({
        code: 'chunk-invalid',
        message: 'chunk field "data": a binary chunk needs bytes, got none',
        details: { field: 'data' },
      }),
    );
    expect(() => checkBody(head, new Uint8Array(2))).toThrow('says 3 but the data takes 2 bytes');
    expect(() => checkBody({ ...head, data: 'AQID' }, new Uint8Array(3))).toThrow('must not have a field "data"');
  });

  it('counts a JSON text as JSON.stringify writes it', () => {
    const head: unknown = JSON.parse('{"type":"json","data":{"a" : 1.0},"size":7,"timestamp":1}');
    expect(checkBody(head).data).toEqual({ a: 1 });
  });
});

describe('chunkToJson', () => {
  it.each(chunks)('and chunkFromJson lose nothing of $type $data', (chunk) => {
    const read = chunkFromJson(chunkToJson(chunk));
    expect(read).toStrictEqual({ ...chunk });
    expect(Object.isFrozen(read)).toBe(true);
  });

  it('writes bytes as base64', () => {
    expect(JSON.parse(chunkToJson(binary))).toMatchObject({ type: 'binary', data: 'AQID', size: 3 });
  });
});

describe('chunkFromJson', () => {
  const json = (fields: object): string => JSON.stringify({ ...(JSON.parse(chunkToJson(plain)) as object), ...fields });

  it.each([
    ['no JSON', '{', 'chunk: must be JSON text'],
    ['null', 'null', 'must be an object, got null'],
    ['a number', '5', 'must be an object, got a number'],
    ['an unknown field', json({ extra: 1 }), 'must not have a field "extra"'],
    ['a lone surrogate', json({ data: '\udc00' }), 'got a lone surrogate'],
    ['bytes that are no base64', json({ type: 'binary', data: 'AQI', size: 2 }), 'must be base64, got other text'],
    ['bytes that are no text', json({ type: 'audio', data: [1], size: 1 }), 'must be base64, got an array'],
    ['bytes that are a number', json({ type: 'binary', data: 5, size: 1 }), 'must be base64, got a number'],
    ['bytes of another size', json({ type: 'image', data: 'AQID', size: 4 }), 'says 4 but the data takes 3 bytes'],
    ['a prototype', chunkToJson(binary).replace('{', '{"__proto__":{},'), 'must not have a field "__proto__"'],
  ])('refuses %s', (_, text, message) => {
    const read = () => chunkFromJson(text);
    expect(read).toThrow(expect.objectContaining({ code: 'chunk-invalid' }));
    expect(read).toThrow(message);
  });

  it('names the field of bytes that are no base64', () => {
    const read = () => chunkFromJson(json({ type: 'binary', data: 'AQI', size: 2 }));
    expect(read).toThrow(expect.objectContaining({ details: { field: 'data' } }));
  });

  it('keeps what the reader of JSON said', () => {
    expect(() => chunkFromJson('{')).toThrow(expect.objectContaining({ cause: expect.any(SyntaxError) as unknown }));
  });
});

describe('real data', () => {
  /** Through the encoding of logs and links and then through JSON. */
  const throughBoth = (chunk: Chunk): Chunk => {
    const { head, bytes } = encodeChunk(chunk);
    return chunkFromJson(chunkToJson(chunkOf(chunk.streamId, chunk.seq, checkBody(JSON.parse(head), bytes))));
  };

  /** Expects chunks of this data to come back as they were. Answers the data that came back. */
  const comeBack = <T extends ChunkData>(pieces: readonly T[], type: 'text' | 'audio'): readonly T[] => {
    expect(pieces.length).toBeGreaterThan(10);
    const written = pieces.map((data, seq) => createChunk({ ...place, seq, data, type, checksum: true }));
    const read = written.map(throughBoth);
    // Compared as text, all in one: a difference in a megabyte is nothing to print.
    expect(read.every((chunk, i) => chunkToJson(chunk) === chunkToJson(written[i]!))).toBe(true);
    return read.map(({ data }) => data as T);
  };

  for (const name of ['text/udhr-18-languages.txt', 'text/naughty-strings.txt', 'text/moby-dick.txt']) {
    const path = dataFile(name);
    it.skipIf(path === undefined)(`of ${name} comes back line by line, as it was`, () => {
      const text = readFileSync(path!, 'utf8');
      expect(comeBack(text.split(/(?<=\n)/), 'text').join('')).toBe(text);
    });
  }

  for (const name of ['audio/jfk.wav', 'audio/jfk.mp3']) {
    const path = dataFile(name);
    it.skipIf(path === undefined)(`of ${name} comes back piece by piece, as it was`, () => {
      const bytes = new Uint8Array(readFileSync(path!));
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += 4093) pieces.push(bytes.subarray(at, at + 4093));
      expect(Buffer.concat(comeBack(pieces, 'audio')).equals(bytes)).toBe(true);
    });
  }
});
