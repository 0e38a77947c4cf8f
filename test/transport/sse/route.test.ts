import { describe, expect, it } from 'vitest';
import { StreamError } from '../../../src/chunk/index.js';
import { isStreamPath, streamOfUrl, streamPath } from '../../../src/transport/sse/route.js';

describe('streamPath', () => {
  it.each([
    ['books/moby-dick', '/streams/books/moby-dick'],
    ['books/moby dick?#%&', '/streams/books/moby%20dick%3F%23%25%26'],
    ['Ünïcödé/🐋', '/streams/%C3%9Cn%C3%AFc%C3%B6d%C3%A9/%F0%9F%90%8B'],
  ])('encodes %s segment by segment, and streamOfUrl reads it back', (name, path) => {
    expect(streamPath(name)).toBe(path);
    expect(streamOfUrl(path)).toBe(name);
    expect(streamOfUrl(`${path}?from=now`)).toBe(name);
  });

  it.each(['', 'a//b', '../secret', 'a\u0000b', '\ud800'])('refuses %j', (name) => {
    expect(() => streamPath(name)).toThrow(expect.objectContaining({ code: 'name-invalid' }));
  });
});

describe('streamOfUrl', () => {
  it.each(['/', '/streams', '/other/books', '/Streams/books', ''])('has nothing to do with %j', (url) => {
    expect(streamOfUrl(url)).toBeUndefined();
  });

  it.each([
    ['/streams/', 'must not be empty'],
    ['/streams/?from=now', 'must not be empty'],
    ['/streams/a//b', 'must not have an empty segment'],
    ['/streams/a/%2e%2e/b', 'must not have a ".." segment'],
    ['/streams/a%00', 'must not hold a control character'],
    ['/streams/a%0d%0aid:%207', 'must not hold a control character'],
    ['/streams/%zz', 'must be percent-encoded UTF-8'],
    ['/streams/%ff', 'must be percent-encoded UTF-8'],
    [`/streams/${'a'.repeat(513)}`, 'must be at most 512 bytes'],
  ])('refuses %j', (url, message) => {
    const read = () => streamOfUrl(url);
    expect(read).toThrow(StreamError);
    expect(read).toThrow(message);
  });

  it('takes a name whose slashes were encoded as well', () => {
    expect(streamOfUrl('/streams/books%2Fmoby-dick')).toBe('books/moby-dick');
  });

  it('finds it at its other address, too', () => {
    expect(streamOfUrl('/sse/books/moby%20dick?from=now')).toBe('books/moby dick');
    expect(['/sse/a', '/streams/a', '/sse', '/sser/a'].map(isStreamPath)).toEqual([true, true, false, false]);
  });
});
