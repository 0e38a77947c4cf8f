import { describe, expect, it } from 'vitest';
import { decodingOf, essence, formatOf } from '../../../src/transport/http/decoding.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('formatOf', () => {
  it.each([
    ['application/json', 'json'],
    ['Application/JSON; charset=utf-8', 'json'],
    ['text/plain', 'text'],
    ['text/event-stream', 'text'],
    ['application/ndjson', 'bytes'],
    ['image/png', 'bytes'],
    ['', 'bytes'],
    [null, 'bytes'],
  ])('reads %s as %s', (contentType, format) => {
    expect(formatOf(contentType)).toBe(format);
  });
});

describe('essence', () => {
  it('leaves parameters and case out', () => {
    expect(essence(' Text/Plain ; charset=utf-8')).toBe('text/plain');
  });
});

describe('decodingOf', () => {
  it('takes JSON apart into messages', () => {
    const decoding = decodingOf('json');
    expect(decoding.body(bytes('[{"a":1},[2],null]'))).toEqual([{ a: 1 }, [2], null]);
    expect(decoding.body(bytes('[]'))).toEqual([]);
    expect(decoding.event('[1,\n2]', false)).toEqual([1, 2]);
    expect(decoding.event('WzFd', true)).toEqual([1]);
    expect(decoding.event('', false)).toEqual([]);
  });

  it('puts a character together that two answers share', () => {
    const decoding = decodingOf('text');
    const [first, second] = [bytes('é').subarray(0, 1), bytes('é').subarray(1)];
    expect(decoding.body(first)).toEqual([]);
    expect(decoding.body(second)).toEqual(['é']);
    expect(decoding.end()).toEqual([]);
  });

  it('shows half a character at the end as what it is', () => {
    const decoding = decodingOf('text');
    decoding.body(bytes('é').subarray(0, 1));
    expect(decoding.end()).toEqual(['\ufffd']);
  });

  it('leaves a byte order mark in: the beginning of an answer is none of the text', () => {
    expect(decodingOf('text').body(bytes('\ufeffa'))).toEqual(['\ufeffa']);
  });

  it('hands bytes through, and makes them of text', () => {
    const decoding = decodingOf('bytes');
    expect(decoding.body(new Uint8Array([1, 2]))).toEqual([new Uint8Array([1, 2])]);
    expect(decoding.body(new Uint8Array())).toEqual([]);
    expect(decoding.event('AQID', true)).toEqual([new Uint8Array([1, 2, 3])]);
    expect(decoding.event('é', false).map((item) => [...(item as Uint8Array)])).toEqual([[0xc3, 0xa9]]);
  });

  it('reads base64 over several lines', () => {
    expect(decodingOf('bytes').event('AQ\nID\r\n', true)).toEqual([new Uint8Array([1, 2, 3])]);
    expect(decodingOf('text').event('', true)).toEqual([]);
  });

  it('hands text of events through', () => {
    expect(decodingOf('text').event('a\u2028b', false)).toEqual(['a\u2028b']);
  });

  it.each([
    ['X[1]', 'data is no JSON'],
    ['[1', 'data is no JSON'],
    ['{"a":1}', 'data must be an array of messages, got an object'],
    ['null', 'data must be an array of messages, got null'],
  ])('refuses %s as messages', (text, message) => {
    expect(() => decodingOf('json').body(bytes(text))).toThrow(
      expect.objectContaining({
        code: 'data-malformed',
        message: `the answer is none of Durable Streams: ${message}`,
        details: { field: 'data' },
      }),
    );
  });

  it.each(['AQ', 'A Q=', '****'])('refuses %s as base64', (data) => {
    expect(() => decodingOf('bytes').event(data, true)).toThrow(
      expect.objectContaining({
        code: 'data-malformed',
        message: 'the answer is none of Durable Streams: data is not base64',
      }),
    );
  });
});
