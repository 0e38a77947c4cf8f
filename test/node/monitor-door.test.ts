import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createChunk } from 'sluice/chunk';
import { type Server, serve } from 'sluice/node';
import { monitorDoor } from '../../src/node/monitor-door.js';

let folder: string;
let server: Server;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-assets-'));
  writeFileSync(join(folder, 'monitor.js'), 'let here;');
  server = await serve({ port: 0, monitor: { assets: pathToFileURL(`${folder}/`) } });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => void vi.restoreAllMocks());

const get = (path: string, init?: RequestInit) => fetch(server.url + path, init);

describe('the door of the monitor', () => {
  it('hands out the files of the page, and not again to who has them', async () => {
    const response = await get('/monitor/monitor.js');
    expect(await response.text()).toBe('let here;');
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    const tag = response.headers.get('etag')!;
    expect((await get('/monitor/monitor.js', { headers: { 'if-none-match': tag } })).status).toBe(304);
    const head = await get('/monitor/monitor.js', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('says what to do about a page that was not built, until it is', async () => {
    const missing = await get('/monitor/components.js');
    expect([missing.status, await missing.json()]).toEqual([
      404,
      expect.objectContaining({ message: expect.stringContaining('npm run build') as string }),
    ]);
    writeFileSync(join(folder, 'components.js'), '');
    expect((await get('/monitor/components.js')).status).toBe(200);
  });

  it('leaves other paths to other doors', async () => {
    expect((await get('/monitor/secrets.txt')).status).toBe(404);
    expect((await get('/monitor/..%2fpackage.json')).status).toBe(404);
  });

  it('lets everybody have the page, and not what it shows', () => {
    const door = monitorDoor(server.gateway);
    const open = ['/', '/?x', '/monitor/monitor.js', '/monitor/state', '/streams'].filter((url) =>
      door.isOpen!({ url } as IncomingMessage),
    );
    expect(open).toEqual(['/', '/?x', '/monitor/monitor.js']);
  });

  it('tells how things stand', async () => {
    await server.streams.publish('books/x', [createChunk({ streamId: 's', seq: 0, data: 'hello' })]);
    const state = (await (await get('/monitor/state?since=0&stream=books/x')).json()) as {
      streams: unknown[];
      version: string;
    };
    expect(state.streams).toEqual([expect.objectContaining({ id: 'books/x', next: 1, status: 'active' })]);
    expect(state.version).toMatch(/^\d/);
    const again = (await (await get('/monitor/state')).json()) as { streams: unknown[]; life: string; cursor: number };
    expect(again.streams).toHaveLength(1);
    const since = (await (await get(`/monitor/state?life=${again.life}&since=${again.cursor}`)).json()) as typeof again;
    expect(since.streams).toEqual([]);
  });

  it('takes nothing in', async () => {
    expect((await get('/monitor/state', { method: 'POST' })).status).toBe(405);
  });

  it('says so when it cannot tell', async () => {
    vi.spyOn(server.streams, 'list').mockImplementation(() => {
      throw new Error('away');
    });
    await expect.poll(async () => (await get('/monitor/state?since=x')).status).toBe(500);
  });
});
