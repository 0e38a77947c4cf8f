import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createClient } from 'graphql-ws';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createChatTransport } from '../src/interop/ai-sdk/chat-transport.js';
import { pages, textOn } from './interop/ai-sdk/chats.js';
import { run } from './run.js';

const folder = fileURLToPath(new URL('../examples/interop/', import.meta.url));
const ishmael = 'Call me Ishmael. Some years ago, never mind how long precisely.';
const patience = { timeout: 60_000 };

describe('examples of interop', () => {
  it.each(Object.entries(pages))(
    'resumable-chat loses nothing when a page of %s is loaded anew, and is stopped by another',
    async (_, page) => {
      const example = run('examples/interop/resumable-chat.ts', [], { PORT: '0' });
      const [, api = ''] = await example.says(/curl -N (\S+) -d/);
      const open = () => page('1', createChatTransport<never>({ api }));
      const one = open();
      const asked = one.sendMessage({ text: 'Who?' });
      await expect.poll(() => textOn(one), patience).toMatch(/^You ask: Who\? /);
      const again = open();
      await again.resumeStream();
      await asked;
      expect([textOn(one), textOn(again)]).toEqual([`You ask: Who? ${ishmael}`, `You ask: Who? ${ishmael}`]);
      const stopped = open();
      const second = stopped.sendMessage({ text: 'word '.repeat(5000) });
      await expect.poll(() => textOn(stopped), patience).toMatch(/^You ask: word /);
      await createChatTransport<never>({ api }).stop('1');
      await second;
      expect([stopped.status, stopped.error]).toEqual(['ready', undefined]);
      expect(textOn(stopped)).not.toContain('Ishmael');
      example.process.kill();
      await example.ended;
    },
  );

  it('graphql sends a stream to a subscription, from wherever it is asked', async () => {
    const example = run('examples/interop/graphql.ts', [], { PORT: '0' });
    const [url = ''] = await example.says(/ws:\S+/);
    const [, query = ''] = await example.says(/(subscription .*)/);
    const client = createClient({ url, webSocketImpl: WebSocket });
    const read = async (asked: string): Promise<unknown[]> => {
      const chunks = [];
      for await (const { data } of client.iterate({ query: asked })) chunks.push(data?.['chunks']);
      return chunks;
    };
    const all = await read(query.replace(', from: 3', ''));
    expect(all.map((chunk) => (chunk as { data: string }).data).join('')).toBe(ishmael);
    expect(await read(query)).toEqual(all.slice(3));
    await client.dispose();
    example.process.kill();
    await example.ended;
  });

  it.each(readdirSync(folder))('%s is short and imports what a user imports', (file) => {
    const text = readFileSync(folder + file, 'utf8');
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(60);
    const imports = [...text.matchAll(/from '([^']+)'/g)].map(([, from]) => from!);
    expect(imports.filter((from) => from.startsWith('.'))).toEqual([]);
  });
});
