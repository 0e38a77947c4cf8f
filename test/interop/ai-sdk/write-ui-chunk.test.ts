import { describe, expect, it } from 'vitest';
import { uiMessageDone, uiMessageHeaders, writeUiChunk } from '../../../src/interop/ai-sdk/write-ui-chunk.js';
import { bytesOf, officialReaders } from './official-reader.js';

const naughty = 'a\r\nb\u2028c\u2029d\u0085e\u0000f"\\ \ud83d\ude04';

describe('writeUiChunk', () => {
  it('writes one event, with the place of a reader that comes back', () => {
    expect(writeUiChunk({ type: 'start-step' })).toBe('data: {"type":"start-step"}\n\n');
    expect(writeUiChunk({ type: 'start-step' }, '0-7')).toBe('id: 0-7\ndata: {"type":"start-step"}\n\n');
    expect(uiMessageHeaders['x-vercel-ai-ui-message-stream']).toBe('v1');
  });

  it.each(Object.entries(officialReaders))('lets nothing in a text end an event, as %s reads it', async (_, read) => {
    const chunks = [
      { type: 'text-start', id: 't' },
      { type: 'text-delta', id: 't', delta: naughty },
      { type: 'text-end', id: 't' },
    ];
    const text = [': alive\n\n', ...chunks.map((chunk, i) => writeUiChunk(chunk, `0-${i}`)), uiMessageDone].join('');
    expect(await read(bytesOf(text))).toMatchObject({ parts: [{ text: naughty }], errors: [] });
  });
});
