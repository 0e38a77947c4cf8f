import { describe, expect, it } from 'vitest';
import { SharedBytes } from '../../src/durable/shared-bytes.js';

const encoder = new TextEncoder();
const chunkOf = (text: string): string => new TextDecoder().decode(new SharedBytes(encoder.encode(text)).asHttpChunk);

describe('SharedBytes', () => {
  it('is framed as a chunk of HTTP/1.1, by its bytes and not its characters', () => {
    expect(chunkOf('hello')).toBe('5\r\nhello\r\n');
    expect(chunkOf('é')).toBe('2\r\né\r\n');
    expect(chunkOf('x'.repeat(300))).toBe(`12c\r\n${'x'.repeat(300)}\r\n`);
  });

  it('is framed once', () => {
    const shared = new SharedBytes(encoder.encode('a'));
    expect(shared.asHttpChunk).toBe(shared.asHttpChunk);
  });

  it('ends no body when there are no bytes', () => {
    expect(chunkOf('')).toBe('');
  });
});
