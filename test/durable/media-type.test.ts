import { describe, expect, it } from 'vitest';
import { chunkTypeOf, essenceOf, isMediaType, mediaTypeOf } from '../../src/durable/media-type.js';
import { encoded } from './lab.js';

describe('media type', () => {
  it.each(['text/plain', 'Text/PLAIN; charset=utf-8', 'application/vnd.a+json;v="1; 2"', 'a/b;', 'a/b ; c=d'])(
    'takes %s for one',
    (type) => expect(isMediaType(type)).toBe(true),
  );

  it.each([
    '',
    'text',
    'text/',
    '/plain',
    'text/plain; =',
    'text/pl ain',
    'a/b;c',
    'text/plain\r\nx: y',
    'a/b;c="\u0000"',
    'a/b;c="\u2713"',
    `a/${'b'.repeat(300)}`,
  ])('takes "%s" for none', (type) => expect(isMediaType(type)).toBe(false));

  it('takes no longer for a long one', () => {
    expect(isMediaType(`a/b${'; '.repeat(120)}!`)).toBe(false);
  });

  it('compares without parameters', () => {
    expect(essenceOf(' Application/JSON ; charset=utf-8')).toBe('application/json');
  });

  it.each([
    ['text/html', 'text'],
    ['application/json; charset=utf-8', 'json'],
    ['application/ndjson', 'binary'],
    ['audio/ogg', 'audio'],
    ['image/png', 'image'],
    ['application/octet-stream', 'binary'],
  ])('%s has chunks of type %s', (type, chunks) => expect(chunkTypeOf(type)).toBe(chunks));

  it('is what the first chunk is, where nothing was said', () => {
    expect(mediaTypeOf(encoded('a'))).toBe('text/plain; charset=utf-8');
    expect(mediaTypeOf(encoded({ a: 1 }))).toBe('application/json');
    expect(mediaTypeOf(encoded(new Uint8Array(2)))).toBe('application/octet-stream');
    expect(mediaTypeOf({ ...encoded('a'), head: '{"data":"a", "type":"text"}' })).toBe('text/plain; charset=utf-8');
  });
});
