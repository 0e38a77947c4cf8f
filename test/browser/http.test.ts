import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { type Server, serve } from 'sluice/node';
import { createHttpProducer, httpStream, pullHttp } from 'sluice/transport/http/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundle, executablePath, startBrowser } from './chromium.js';

const entry = fileURLToPath(new URL('http-page.ts', import.meta.url));
const retry = { initialDelayMs: 20, maxDelayMs: 100 };
const body = '<body><pre id=text></pre><p id=state></p></body>';

describe.skipIf(executablePath === undefined)('Durable Streams in a real Chromium', () => {
  let browser: Browser;
  let server: Server;
  let page: Page;
  let script: string;
  const sockets = new Set<Socket>();

  beforeAll(async () => {
    browser = await startBrowser();
    script = await bundle(entry);
  });
  afterAll(async () => await browser.close());
  beforeEach(async () => {
    server = await serve({
      port: 0,
      durable: { longPollTimeoutMs: 500 },
      fallback: (_, response) => response.end(`${body}<script type=module>${script}</script>`),
    });
    sockets.clear();
    server.http.on('connection', (socket: Socket) => sockets.add(socket));
    page = await browser.newPage();
  });
  afterEach(async () => {
    await page.close();
    await server.close();
  });

  const shows = (id: string, text: string | RegExp) => page.locator(id, { hasText: text }).waitFor();

  it('a page reads what is there and what comes, also when its connection is cut, to the end', async () => {
    const url = `${server.url}/v1/stream/read`;
    const stream = httpStream({ url, contentType: 'text/plain' });
    await stream.create({ items: ['Call me '] });
    await page.goto(`${server.url}/page`);
    await shows('#text', 'Call me');
    await stream.append('Ishmael.');
    await shows('#text', 'Call me Ishmael.');
    const writer = createHttpProducer({ url, contentType: 'text/plain', producerId: 'writer', retry });
    for (let i = 0; i < 3; i++) {
      // Those of the writer among them.
      for (const socket of sockets) socket.destroy();
      await writer.append(` ${i} è`);
      await shows('#text', ` ${i} è`);
    }
    await writer.close();
    await shows('#state', 'completed');
    expect(await page.locator('#text').textContent()).toBe('Call me Ishmael. 0 è 1 è 2 è');
  });

  it('a page writes everything once and in order', async () => {
    const url = `${server.url}/v1/stream/written`;
    await httpStream({ url, contentType: 'application/json' }).create();
    await page.goto(`${server.url}/page`);
    await page.waitForFunction('globalThis.write');
    await page.evaluate('write(95)');
    const written: unknown[] = [];
    for await (const { items } of pullHttp({ url })) written.push(...items);
    expect(written).toEqual(Array.from({ length: 95 }, (_, n) => ({ n })));
  });
});
