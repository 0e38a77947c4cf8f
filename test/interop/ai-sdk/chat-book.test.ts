import { describe, expect, it } from 'vitest';
import { ChatBook } from '../../../src/interop/ai-sdk/chat-book.js';
import { createMemoryLog } from '../../../src/log/memory.js';
import { createStreams } from '../../../src/streams/index.js';

const open = () => {
  const streams = createStreams({ log: createMemoryLog() });
  return { streams, book: new ChatBook(streams, 'chats') };
};

describe('ChatBook', () => {
  it('knows the run that was entered last, also behind a stop', async () => {
    const { streams, book } = open();
    expect(await book.latest('c')).toBeUndefined();
    await streams.create(book.nameOf('c'));
    expect(await book.latest('c')).toBeUndefined();
    await book.enter('c', 'one');
    await book.enter('c', 'two');
    expect(await book.latest('c')).toBe('two');
    await streams.create(book.streamOf('c', 'two'));
    expect(await book.stop('c', 'enough')).toBe(true);
    expect([await book.latest('c'), (await streams.info('chats/c/two'))?.status]).toEqual(['two', 'cancelled']);
    expect([await book.stop('c', undefined), await book.stop('d', undefined)]).toEqual([false, false]);
  });

  it('has forgotten what its log has forgotten', async () => {
    const { streams, book } = open();
    await book.enter('c', 'one');
    await streams.log.trim('chats/c', 1);
    expect(await book.latest('c')).toBeUndefined();
  });

  it('makes one segment of an id', () => {
    const { streams, book } = open();
    expect(book.nameOf('a/b c')).toBe('chats/a%2Fb%20c');
    for (const id of ['..', '', '\ud800'])
      expect(() => book.nameOf(id)).toThrow(expect.objectContaining({ code: 'name-invalid' }));
    expect(() => new ChatBook(streams, '/')).toThrow(expect.objectContaining({ code: 'name-invalid' }));
  });
});
