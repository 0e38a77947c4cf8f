import { describe, expect, it } from 'vitest';
import { encodingOf } from '../../../src/transport/http/encoding.js';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function body(contentType: string, ...items: unknown[]): string {
  const encoding = encodingOf(contentType);
  const encoded = items.map((item) => encoding.encode(item));
  const joined = encoding.join(encoded);
  const sizes = encoded.reduce((sum, { length }) => sum + length, 0);
  expect(joined.length).toBe(sizes + encoding.frame + Math.max(0, items.length - 1) * encoding.separator);
  return text(joined);
}

describe('encodingOf', () => {
  it('makes a list of messages, so that a message that is a list stays one', () => {
    expect(body('application/json; charset=utf-8', { a: 'é' }, [1, 2], null)).toBe('[{"a":"é"},[1,2],null]');
    expect(body('application/json', 1)).toBe('[1]');
  });

  it('puts text and bytes together', () => {
    expect(body('text/plain', 'a', 'é', new Uint8Array([0x62]))).toBe('aéb');
    expect(body('application/octet-stream')).toBe('');
  });

  it.each([
    ['application/json', undefined, 'data holds undefined'],
    ['application/json', Number.NaN, 'data holds NaN'],
    ['application/json', 'a\ud800', 'data holds a lone surrogate'],
    ['text/plain', { a: 1 }, 'data must be a string or bytes, got an object'],
    ['text/plain', 5, 'data must be a string or bytes, got a number'],
    ['text/plain', '', 'data must not be empty'],
    ['text/plain', new Uint8Array(), 'data must not be empty'],
    ['text/plain', 'a\ud800', 'data holds a lone surrogate'],
  ])('refuses for %s what it cannot hold: %o', (contentType, item, message) => {
    expect(() => encodingOf(contentType).encode(item)).toThrow(
      expect.objectContaining({ code: 'data-malformed', message, details: { field: 'data' } }),
    );
  });

  it.each([
    [5, 'contentType must be a string, got a number'],
    [' ', 'contentType must not be empty'],
    ['text/plain\r\nevil: 1', 'contentType must not hold CR, LF or other controls, nor characters beyond Latin-1'],
  ])('refuses %o as a content type', (contentType, message) => {
    expect(() => encodingOf(contentType)).toThrow(new TypeError(message));
  });
});
