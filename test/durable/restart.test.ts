import { afterEach, describe, expect, it } from 'vitest';
import { openLog } from '../../src/node/open-log.js';
import { serve, type Server } from '../../src/node/serve.js';
import { temporaryFolders } from '../log/lmdb/temporary.js';

const folder = temporaryFolders();
let server: Server | undefined;
afterEach(() => server?.close());

const text = { 'content-type': 'text/plain' };

describe('a server that is started again', () => {
  it('goes on where it was: offsets, producers, sequences, ends, lifetimes and forks', async () => {
    const url = `lmdb:${folder()}`;
    const start = async (): Promise<void> => {
      await server?.close();
      server = await serve({ port: 0, log: await openLog(url) });
    };
    const send = (method: string, name: string, body?: string, headers: Record<string, string> = {}) =>
      fetch(`${server!.url}/v1/stream/${name}`, {
        method,
        headers: { ...text, ...headers },
        ...(body === undefined ? {} : { body }),
      });
    const producer = { 'producer-id': 'p', 'producer-epoch': '3', 'producer-seq': '0' };
    await start();
    await send('PUT', 'a', 'one', { 'stream-ttl': '3600' });
    const offset = (await send('POST', 'a', ' two', { 'stream-seq': 'm' })).headers.get('stream-next-offset')!;
    expect((await send('POST', 'a', ' three', producer)).status).toBe(200);
    await send('PUT', 'fork', undefined, { 'stream-forked-from': '/v1/stream/a', 'stream-fork-offset': offset });
    const tag = (await send('GET', 'a')).headers.get('etag')!;
    await send('PUT', 'b', 'gone', {});
    await send('PUT', 'c', undefined, { 'stream-forked-from': '/v1/stream/b' });
    await send('DELETE', 'b');

    await start();
    expect(await (await send('GET', `a?offset=${offset}`)).text()).toBe(' three');
    expect((await send('GET', 'a', undefined, { 'if-none-match': tag })).status).toBe(304);
    expect((await send('POST', 'a', ' three', producer)).status).toBe(204);
    expect((await send('POST', 'a', 'x', { ...producer, 'producer-epoch': '2' })).status).toBe(403);
    expect((await send('POST', 'a', 'x', { 'stream-seq': 'm' })).status).toBe(409);
    expect((await send('HEAD', 'a')).headers.get('stream-ttl')).toBe('3600');
    expect(await (await send('GET', 'fork')).text()).toBe('one two');
    expect((await send('GET', 'b')).status).toBe(410);
    expect((await send('POST', 'a', '', { 'stream-closed': 'true' })).status).toBe(204);

    await start();
    expect((await send('POST', 'a', 'x')).headers.get('stream-closed')).toBe('true');
    await send('DELETE', 'c');
    expect((await send('GET', 'b')).status).toBe(404);
  });
});
