import { describe, expect, it } from 'vitest';
import { SharedBytes } from '../../src/durable/shared-bytes.js';

const decoder = new TextDecoder();
const chunkOf = (text: string): string => decoder.decode(new SharedBytes(text).asHttpChunk);

describe('SharedBytes', () => {
  it('is framed as a chunk of HTTP/1.1, by its bytes and not its characters', () => {
    expect(chunkOf('hello')).toBe('5\r\nhello\r\n');
    expect(chunkOf('é')).toBe('2\r\né\r\n');
    expect(chunkOf('x'.repeat(300))).toBe(`12c\r\n${'x'.repeat(300)}\r\n`);
  });

  it('is its text in UTF-8, and as long', () => {
    const shared = new SharedBytes('aé');
    expect([decoder.decode(shared.bytes), shared.bytes.length, shared.length]).toEqual(['aé', 3, 3]);
  });

  it('is encoded once, and framed once', () => {
    const shared = new SharedBytes('a');
    expect(shared.bytes).toBe(shared.bytes);
    expect(shared.asHttpChunk).toBe(shared.asHttpChunk);
  });

  it('ends no body when there are no bytes', () => {
    expect(chunkOf('')).toBe('');
  });
});
