import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { createChunk } from 'sluice/chunk';
import { type Server, serve } from 'sluice/node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundle, executablePath, startBrowser } from './chromium.js';

const entry = fileURLToPath(new URL('worker-script.ts', import.meta.url));
const words = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `è${from + n} `);

describe.skipIf(executablePath === undefined)('workers in a real Chromium', () => {
  let browser: Browser;
  let server: Server;
  let context: BrowserContext;
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
      fallback: ({ url }, response) => {
        if (url === '/worker.js') response.setHeader('content-type', 'text/javascript').end(script);
        else response.end('<body></body>');
      },
    });
    sockets.clear();
    server.http.on('connection', (socket: Socket) => sockets.add(socket));
    await server.streams.create('ticks');
    context = await browser.newContext();
    page = await context.newPage();
    await page.goto(`${server.url}/page`);
  });
  afterEach(async () => {
    await context.close();
    await server.close();
  });

  const publish = async (from: number, to: number): Promise<void> => {
    await server.streams.publish(
      'ticks',
      words(from, to).map((data) => createChunk({ streamId: 's', seq: 0, data })),
    );
  };
  const shows = async (text: readonly string[]): Promise<void> =>
    await expect.poll(async () => await page.evaluate('globalThis.text'), { timeout: 10_000 }).toBe(text.join(''));

  describe('a service worker', () => {
    beforeEach(async () => {
      await page.evaluate(`(async () => {
        const { serviceWorker } = navigator;
        const controlled = new Promise((resolve) => serviceWorker.addEventListener('controllerchange', resolve));
        await serviceWorker.register('/worker.js', { type: 'module' });
        await controlled;
      })()`);
    });

    /** The page fetches a path, and takes what comes as it comes. */
    const fetched = async (path: string): Promise<void> =>
      await page.evaluate(`(() => {
        Object.assign(globalThis, { text: '', state: 'open', leaving: new AbortController() });
        fetch('${path}', { signal: leaving.signal })
          .then(({ body }) => body.pipeThrough(new TextDecoderStream()).pipeTo(
            new WritableStream({ write: (piece) => void (text += piece) }),
          ))
          .then(() => (state = 'complete'), (error) => (state = error.name));
      })()`);
    const is = async (state: string): Promise<void> =>
      await expect.poll(async () => await page.evaluate('globalThis.state')).toBe(state);

    it.each(['/over-websocket', '/over-http'])(
      'answers a page with a stream as it comes, to its end: %s',
      async (path) => {
        await publish(0, 10);
        await fetched(path);
        await shows(words(0, 10));
        // Nothing is lost or doubled on the way to the worker, either.
        for (const socket of sockets) socket.destroy();
        await publish(10, 20);
        await shows(words(0, 20));
        await is('open');
        await server.streams.close('ticks');
        await is('complete');
        expect(await page.evaluate('globalThis.text')).toBe(words(0, 20).join(''));
      },
    );

    it('reads no further when the page has left', async () => {
      const reading = () => server.gateway.connections().flatMap((connection) => connection.reading);
      await publish(0, 10);
      await fetched('/over-websocket');
      await shows(words(0, 10));
      expect(reading()).toHaveLength(1);
      await page.evaluate('leaving.abort()');
      await is('AbortError');
      await expect.poll(() => reading()).toEqual([]);
    });
  });

  it.each(['/over-websocket', '/over-http'])('a shared worker reads for its pages: %s', async (path) => {
    await publish(0, 10);
    await page.evaluate(`(() => {
      const { port } = new SharedWorker('/worker.js', { type: 'module' });
      globalThis.text = '';
      port.onmessage = ({ data }) => (text += data);
      port.postMessage('${path}');
    })()`);
    await shows(words(0, 10));
    for (const socket of sockets) socket.destroy();
    await publish(10, 20);
    await shows(words(0, 20));
  });
});
