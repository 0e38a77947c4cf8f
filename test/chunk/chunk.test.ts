import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { type Chunk, checkChunk, type ChunkInit, chunkOf, createChunk } from '../../src/chunk/chunk.js';
import { chunkSchema } from '../../src/chunk/chunk-schema.js';
import { StreamError } from '../../src/chunk/errors.js';
import { sha256Checksum } from '../../src/chunk/sha256.js';
import { codePoint } from './code-point.js';

const place = { streamId: 'books/moby-dick', seq: 0, timestamp: 1_700_000_000_000 };
const plain: Chunk = createChunk({ ...place, data: 'Call me Ishmael.' });

/** The refusal of a value that is a chunk but for these fields. */
function refusalOf(fields: Readonly<Record<string, unknown>>): StreamError {
  try {
    checkChunk({ ...plain, ...fields });
  } catch (error) {
    expect(error).toBeInstanceOf(StreamError);
    return error as StreamError;
  }
  throw new Error('it was taken');
}

describe('createChunk', () => {
  it('fills in what is left out', () => {
    const before = Date.now();
    const chunk = createChunk({ streamId: 's', seq: 3, data: 'né' });
    expect(chunk).toEqual({
      streamId: 's',
      seq: 3,
      type: 'text',
      data: 'né',
      final: false,
      size: 3,
      metadata: {},
      timestamp: chunk.timestamp,
    });
    expect(chunk.timestamp).toBeGreaterThanOrEqual(before);
    expect(chunk.timestamp).toBeLessThanOrEqual(Date.now());
  });

  it('keeps what is given', () => {
    const given = { ...place, data: Uint8Array.of(1, 2), type: 'image', final: true, metadata: { a: [1] } } as const;
    expect(createChunk(given)).toEqual({ ...given, size: 2 });
  });

  it.each([
    ['', 'text', 0],
    ['😀', 'text', 4],
    [new Uint8Array(5), 'binary', 5],
    [null, 'json', 4],
    [0, 'json', 1],
    [false, 'json', 5],
    [[], 'json', 2],
    [{ a: 'é' }, 'json', 10],
  ] as const)('takes %o for what it is', (data, type, size) => {
    expect(createChunk({ ...place, data })).toMatchObject({ type, size, data });
  });

  it('takes a string for JSON when told so, and counts its quotes', () => {
    expect(createChunk({ ...place, data: 'a"b', type: 'json' })).toMatchObject({ type: 'json', size: 6 });
    expect(createChunk({ ...place, data: '', type: 'json' }).size).toBe(2);
  });

  it('adds the checksum that is asked for', () => {
    expect(createChunk({ ...place, data: '123456789', checksum: true }).checksum).toBe('crc32c:e3069283');
    expect(createChunk({ ...place, data: 'abc', checksum: sha256Checksum }).checksum).toMatch(/^sha256:ba7816bf/);
    for (const chunk of [plain, createChunk({ ...place, data: '', checksum: false })]) {
      expect(chunk).not.toHaveProperty('checksum');
    }
  });

  it('makes chunks that nobody can change', () => {
    expect(Object.isFrozen(plain)).toBe(true);
    expect(Object.isFrozen(plain.metadata)).toBe(true);
    expect(Object.isFrozen(createChunk({ ...place, data: 'x', checksum: true }))).toBe(true);
    expect(() => Object.assign(plain, { seq: 1 })).toThrow(TypeError);
  });

  it.each([
    [{ data: '\ud800' }, 'data', 'must be a well-formed string, got a lone surrogate'],
    [{ data: undefined }, 'data', 'must be JSON but holds undefined'],
    [{ data: { when: new Date(0) } }, 'data', 'must be JSON but holds an instance of Date'],
    [{ data: 'text', type: 'audio' }, 'data', 'must be a Uint8Array, got a string'],
    [{ data: new Uint8Array(1), type: 'text' }, 'data', 'must be a well-formed string, got bytes'],
    [{ data: new Uint8Array(1), type: 'json' }, 'data', 'must be JSON but holds an instance of Uint8Array'],
    [{ seq: -1 }, 'seq', 'got a negative number'],
    [{ streamId: '../x' }, 'streamId', 'must not have a ".." segment'],
    [{ metadata: { a: 5n } }, 'metadata', 'must be a JSON object but holds a bigint'],
    [{ timestamp: NaN }, 'timestamp', 'got NaN'],
  ])('refuses %o', (fields: object, field, message) => {
    const create = () => createChunk({ ...place, data: 'x', ...fields });
    expect(create).toThrow(StreamError);
    expect(create).toThrow(message);
    expect(create).toThrow(expect.objectContaining({ code: 'chunk-invalid' }));
    expect(create).toThrow(`chunk field "${field}"`);
  });

  it('takes what the schema takes, refuses what it refuses, and names a field that it names', () => {
    let taken = 0;
    let refused = 0;
    fc.assert(
      fc.property(anyInit, (init) => {
        const outcome = outcomeOf(() => createChunk(init as unknown as ChunkInit));
        const size = outcome instanceof StreamError ? 0 : outcome.size;
        const value = { ...init, type: init.type ?? typeOf(init.data), size };
        const judged = chunkSchema.safeParse(value);
        if (judged.success) taken++;
        else refused++;
        if (judged.success) expect(outcome).toStrictEqual(judged.data);
        else expect(fieldsOf(judged.error)).toContain((outcome as StreamError).details.field);
        if (!(outcome instanceof StreamError)) expect(checkChunk(outcome)).toStrictEqual(outcome);
      }),
      { numRuns: 2000 },
    );
    // Neither half may be empty, or the other would prove nothing.
    expect(taken).toBeGreaterThan(200);
    expect(refused).toBeGreaterThan(200);
  });
});

/** Mostly what a field may hold, at times what it may not, or anything. */
function field(good: readonly unknown[], bad: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc
    .oneof(
      { weight: 12, arbitrary: fc.constantFrom(...good) },
      { weight: 1, arbitrary: fc.constantFrom(...bad) },
      { weight: 1, arbitrary: fc.anything() },
    )
    .filter((value) => value !== undefined && value !== null);
}

const types = ['text', 'json', 'binary', 'audio', 'image'];
const oddData = [
  '\ud800',
  ['\ud800'],
  { '\ud800': 1 },
  NaN,
  new Array(2),
  new Date(0),
  () => 1,
  5n,
  { toJSON: () => 1 },
];
const someData = fc.oneof(fc.string({ unit: codePoint }), fc.uint8Array(), fc.jsonValue());
const anyInit = fc.record({
  streamId: field(['s', 'books/moby-dick', 'é'], ['', 'a/../b', 'a\\b', '\ud800', 5]),
  seq: field([0, 1, Number.MAX_SAFE_INTEGER, -0], [-1, 0.5, 2 ** 53, NaN, '0']),
  type: fc.option(field(types, ['video', 'Text', '']), { nil: undefined, freq: 3 }),
  data: fc.oneof({ weight: 6, arbitrary: someData }, fc.anything(), fc.constantFrom<unknown>(...oddData)),
  final: field([true, false], [0, 'true']),
  metadata: field([{}, { model: 'm' }, { deep: [1, { é: null }] }], [[], 'x', { at: NaN }, { at: undefined }]),
  timestamp: field([0, -0, 0.5, 1_700_000_000_000], [-1, NaN, Infinity, '7']),
});

/** What a schema found wrong, as paths of fields. */
function fieldsOf({ issues }: z.ZodError): string[] {
  return issues.map(({ path }) => path.join('.'));
}

function typeOf(data: unknown): string {
  if (typeof data === 'string') return 'text';
  return data instanceof Uint8Array ? 'binary' : 'json';
}

function outcomeOf(create: () => Chunk): Chunk | StreamError {
  try {
    return create();
  } catch (error) {
    expect(error).toBeInstanceOf(StreamError);
    return error as StreamError;
  }
}

describe('checkChunk', () => {
  it('answers with a frozen copy of a chunk', () => {
    const given = { ...plain, checksum: 'crc32c:00000000' };
    const checked = checkChunk(given);
    expect(checked).toEqual(given);
    expect(checked).not.toBe(given);
    expect(Object.isFrozen(checked)).toBe(true);
    expect(Object.isFrozen(given)).toBe(false);
  });

  it.each([
    ['streamId', '', 'must not be empty'],
    ['streamId', 5, 'must be a string, got a number'],
    ['seq', -1, 'must be a whole number from 0 to 2^53 - 1, got a negative number'],
    ['seq', 0.5, 'must be a whole number from 0 to 2^53 - 1, got a fractional number'],
    ['seq', 2 ** 53, 'to 2^53 - 1, got a number'],
    ['seq', '0', 'got a string'],
    ['type', 'video', 'must be text or json or binary or audio or image, got a string'],
    ['type', undefined, 'got undefined'],
    ['data', null, 'must be a well-formed string, got null'],
    ['final', 1, 'must be true or false, got a number'],
    ['size', -1, 'got a negative number'],
    ['checksum', 'x'.repeat(161), 'must be a string of 0 to 160 characters, got a string'],
    ['checksum', null, 'got null'],
    ['metadata', [], 'must be a JSON object and is an array'],
    ['metadata', null, 'must be a JSON object and is null'],
    ['metadata', 'x', 'must be a JSON object and is a string'],
    ['metadata', { a: '\udfff' }, 'must be a JSON object but holds a lone surrogate'],
    ['timestamp', -1, 'must be a number of at least 0, got a negative number'],
    ['timestamp', Infinity, 'must be a number of at least 0, got Infinity'],
  ])('names field and kind of %s: %o', (field, value, message) => {
    const error = refusalOf({ [field]: value });
    expect(error).toMatchObject({ code: 'chunk-invalid', details: { field } });
    expect(error.message).toContain(`chunk field "${field}": `);
    expect(error.message).toContain(message);
  });

  it('takes a checksum that is there and says nothing', () => {
    expect(checkChunk({ ...plain, checksum: undefined })).toStrictEqual(plain);
  });

  it('refuses fields that no chunk has', () => {
    expect(refusalOf({ extra: 1 }).message).toBe('chunk: must not have a field "extra"');
    const polluted = JSON.parse(JSON.stringify(plain).replace('{', '{"__proto__":{"seq":1},')) as object;
    expect(() => checkChunk(polluted)).toThrow('chunk: must not have a field "__proto__"');
  });

  it.each([
    [null, 'null'],
    [undefined, 'undefined'],
    [[], 'an array'],
    ['x', 'a string'],
  ])('refuses %o, which is no object', (value: unknown, kind) => {
    expect(() => checkChunk(value)).toThrow(`chunk: must be an object, got ${kind}`);
  });

  it('refuses a size that is not that of the data', () => {
    const { message, details } = refusalOf({ seq: 7, size: 5 });
    expect(message).toBe('chunk field "size": says 5 but the data takes 16 bytes');
    expect(details).toEqual({ streamId: 'books/moby-dick', seq: 7, field: 'size' });
    expect(refusalOf({ type: 'json', data: { a: 1 }, size: 8 }).message).toContain('takes 7 bytes');
    expect(refusalOf({ type: 'binary', data: new Uint8Array(3), size: 4 }).message).toContain('takes 3 bytes');
  });

  it('says which chunk it was, where that is a place', () => {
    expect(refusalOf({ seq: 7, final: 0 }).details).toEqual({ streamId: 'books/moby-dick', seq: 7, field: 'final' });
    expect(refusalOf({ seq: 'x', streamId: '..' }).details).toEqual({ field: expect.any(String) as string });
  });
});

describe('chunkOf', () => {
  it('gives a body its place, and nobody can change it', () => {
    for (const checksum of [false, true]) {
      const { streamId: _streamId, seq: _seq, ...body } = createChunk({ ...place, data: 'x', checksum });
      const chunk = chunkOf('elsewhere', 9, body);
      expect(chunk).toStrictEqual({ ...body, streamId: 'elsewhere', seq: 9 });
      expect(Object.isFrozen(chunk)).toBe(true);
    }
  });

  it('makes chunks of the same shape as createChunk and checkChunk', () => {
    const fields = Object.keys(plain);
    expect(Object.keys(chunkOf('s', 0, plain))).toEqual(fields);
    expect(Object.keys(checkChunk({ ...plain }))).toEqual(fields);
  });
});
