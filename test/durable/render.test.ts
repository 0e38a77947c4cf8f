import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChunkData, type EncodedChunk, type JsonValue } from '../../src/chunk/index.js';
import { encodeBody, encodeJson } from '../../src/durable/body.js';
import { renderChunks, renderEventData, wholeCharacters } from '../../src/durable/render.js';
import { encoded } from './lab.js';

const show = (type: 'text' | 'json' | 'binary', ...chunks: EncodedChunk[]): string =>
  new TextDecoder().decode(renderChunks(type, chunks));
const raw = (...bytes: number[]): EncodedChunk => encoded(Uint8Array.from(bytes));
const jsonValues = fc.jsonValue({ maxDepth: 3 }).filter((value) => !Object.is(value, -0)) as fc.Arbitrary<JsonValue>;

describe('renderChunks', () => {
  it('joins text, and bytes within it', () => {
    expect(show('text', encoded('caf'), raw(0xc3), raw(0xa9), encoded('!'))).toBe('café!');
    expect(show('text')).toBe('');
  });

  it('shows JSON as it was sent, whatever is in it', () => {
    fc.assert(
      fc.property(fc.array(jsonValues), (values) => {
        const chunks = values.map((value) =>
          encodeJson(value, { timestamp: 1, metadata: { size: 2, 'é"': ',"size":' } }),
        );
        expect(JSON.parse(`[${show('json', ...chunks)}]`)).toEqual(JSON.parse(JSON.stringify(values)));
      }),
    );
  });

  it('reads heads that others have written', () => {
    const head = '{"size":9,"data":{"a":[1,2]},"type":"json","timestamp":0}';
    expect(show('json', { head, bytes: undefined, size: 9, length: head.length })).toBe('{"a":[1,2]}');
    const odd = '{"type":"text","data":"a\\"","metadata":{"x":"y","size":1},"size":2,"timestamp":0}';
    expect(show('text', { head: odd, bytes: undefined, size: 2, length: odd.length })).toBe('a"');
  });

  it('shows text as it was sent, whatever is in it', () => {
    const hostile = [
      '"',
      '",',
      '","size":',
      'a","size":9',
      '\\',
      '\\"',
      '\n',
      '\\n',
      '\\\n',
      '',
      ' é\u0000\u2028😀',
      '\\u0041',
    ];
    expect(show('text', ...hostile.map(encoded))).toBe(hostile.join(''));
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom('"', ',', '\\', 'size":', 'n', 'é', '\n') })), (texts) => {
        expect(show('text', ...texts.map(encoded))).toBe(texts.join(''));
      }),
    );
  });

  it('shows chunks of another type as what they are', () => {
    const mixed: ChunkData[] = ['a', 5, Uint8Array.of(1, 2)];
    expect(show('json', ...mixed.map(encoded))).toBe('"a",5,"AQI="');
    expect(show('text', ...mixed.map(encoded))).toBe('a5\u0001\u0002');
  });
});

describe('renderEventData', () => {
  it('is text, an array of JSON, or base64', () => {
    expect(renderEventData('text', [encoded('a\n'), encoded('b')])).toBe('a\nb');
    expect(renderEventData('json', [encoded({ a: 1 }), encoded('b')])).toBe('[{"a":1},"b"]');
    expect(renderEventData('binary', [raw(1, 2), raw(3)])).toBe('AQID');
  });

  it('shows what is no text as U+FFFD, and what is cut between chunks whole', () => {
    expect(renderEventData('text', [raw(0x63, 0xc3), raw(0xa9), raw(0xff)])).toBe('cé\ufffd');
    expect(renderEventData('text', [encoded(5), encoded(' x')])).toBe('5 x');
  });
});

describe('wholeCharacters', () => {
  it('stops before a chunk that ends within a character', () => {
    expect(wholeCharacters([encoded('a'), raw(0xc3)])).toBe(1);
    expect(wholeCharacters([encoded('a'), raw(0xc3), raw(0xa9)])).toBe(3);
    expect(wholeCharacters([raw(0xf0, 0x9f), raw(0x98)])).toBe(0);
    expect(wholeCharacters([raw(0xf0, 0x9f), raw(0x98), raw(0x80)])).toBe(3);
    expect(wholeCharacters([encoded('é')])).toBe(1);
    expect(wholeCharacters([])).toBe(0);
  });

  it('does not wait for what is no character', () => {
    for (const bytes of [[0xff], [0x80], [0x80, 0x80, 0x80, 0x80], [0xc3, 0x28], [0xf5], [0xe2, 0x82, 0xac]]) {
      expect(wholeCharacters([raw(...bytes)]), bytes.join()).toBe(1);
    }
  });

  it('agrees with the decoder on any text that is cut anywhere', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.array(fc.nat({ max: 20 })), (text, cuts) => {
        const whole = new TextEncoder().encode(text);
        const places = [0, ...cuts.filter((cut) => cut < whole.length).toSorted((a, b) => a - b), whole.length];
        const parts = places.slice(1).map((to, i) => whole.slice(places[i], to));
        const chunks = parts.flatMap((part) => encodeBody(part, { type: 'text', timestamp: 0 }));
        for (let n = 1; n <= chunks.length; n++) {
          const count = wholeCharacters(chunks.slice(0, n));
          const shown = renderEventData('text', chunks.slice(0, count));
          expect(text.startsWith(shown)).toBe(true);
        }
        expect(wholeCharacters(chunks)).toBe(chunks.length);
      }),
    );
  });
});
