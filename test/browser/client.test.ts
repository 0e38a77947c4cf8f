import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { createChunk } from 'sluice/chunk';
import { type Server, serve } from 'sluice/node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundle, executablePath, startBrowser } from './chromium.js';

const clientPage = fileURLToPath(new URL('client-page.ts', import.meta.url));
const tabsPage = fileURLToPath(new URL('tabs-page.ts', import.meta.url));
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** What a reader has seen, in a page or a worker. */
interface Seen {
  readonly seqs: readonly number[];
  readonly state: string;
}

describe.skipIf(executablePath === undefined)('a browser client in a real Chromium', () => {
  let browser: Browser;
  let server: Server;
  let context: BrowserContext;
  let scripts: Readonly<Record<string, string>>;
  let published: number;
  const sockets = new Set<Socket>();
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };

  /** `/client.js` and `/tabs.js` are scripts; every other path is a page that runs the one it names. */
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const [, name = ''] = /^\/(\w*)/.exec(request.url!)!;
    const script = scripts[name];
    if (request.url!.endsWith('.js')) response.setHeader('content-type', 'text/javascript').end(script);
    else response.end(`<body></body>${script === undefined ? '' : `<script type=module>${script}</script>`}`);
  };

  beforeAll(async () => {
    browser = await startBrowser();
    const [client, tabs] = await Promise.all([bundle(clientPage), bundle(tabsPage)]);
    scripts = { client, tabs };
  });
  afterAll(async () => await browser.close());
  beforeEach(async () => {
    server = await serve({ port: 0, fallback: answer });
    sockets.clear();
    server.http.on('connection', (socket: Socket) => sockets.add(socket));
    await server.streams.create('ticks');
    published = 0;
    context = await browser.newContext();
  });
  afterEach(async () => {
    await context.close();
    await server.close();
  });

  const publish = async (count: number): Promise<void> => {
    const chunks = numbers(count).map((n) => createChunk({ streamId: 's', seq: 0, data: `${published + n}` }));
    published += count;
    await server.streams.publish('ticks', chunks);
  };
  const open = async (path: string): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(`${server.url}/${path}`);
    return page;
  };
  const seen = async (page: Page) => await page.evaluate<Seen>('globalThis.seen()');
  const hasAll = async (page: Page) =>
    await expect.poll(async () => (await seen(page)).seqs, { timeout: 10_000 }).toEqual(numbers(published));
  /** The page's link is cut, and it waits for an hour. */
  const lose = async (page: Page): Promise<void> => {
    cut();
    await expect.poll(async () => (await seen(page)).state).toBe('waiting');
  };

  it('goes on at once when the network is back', async () => {
    await publish(10);
    const page = await open('client');
    await hasAll(page);
    await context.setOffline(true);
    await lose(page);
    await publish(10);
    await context.setOffline(false);
    await hasAll(page);
  });

  // A headless Chromium neither hides nor freezes its tabs: the test says what it would say.
  it.each(['visibilitychange', 'resume'])('goes on at once when its tab is back: %s', async (event) => {
    await publish(10);
    const page = await open('client');
    await hasAll(page);
    await lose(page);
    await publish(10);
    await page.evaluate(`document.dispatchEvent(new Event('${event}'))`);
    await hasAll(page);
  });

  it.each([
    ['a worker', 'const port = new Worker("/client.js", { type: "module" });'],
    ['a shared worker', 'const { port } = new SharedWorker("/client.js", { type: "module" });'],
  ])('reads in %s, and goes on there when the network is back', async (_, start) => {
    await publish(10);
    const page = await open('plain');
    await page.evaluate(`(() => {
      ${start}
      globalThis.ask = (event) => new Promise((resolve) => {
        port.onmessage = ({ data }) => resolve(data);
        port.postMessage(event);
      });
      globalThis.seen = () => ask('');
    })()`);
    await hasAll(page);
    await lose(page);
    await publish(10);
    // The network of a worker cannot be taken away by Chromium's tools: here, too, the test says what it would say.
    await page.evaluate("globalThis.ask('online')");
    await hasAll(page);
  });

  it('shares one connection among three tabs, and loses nothing when the one that leads is closed', async () => {
    await publish(100);
    const pages = [await open('tabs'), await open('tabs'), await open('tabs')];
    const seqs = async (page: Page) => await page.evaluate<number[]>('globalThis.seqs()');
    const leads = async (page: Page) => await page.evaluate<boolean>('globalThis.leads()');
    const haveAll = async (open: readonly Page[]) => {
      for (const page of open) {
        await expect.poll(async () => await seqs(page), { timeout: 10_000 }).toEqual(numbers(published));
      }
      expect(server.gateway.connections()).toHaveLength(1);
    };
    await haveAll(pages);
    for (let left = pages; left.length > 1;) {
      const leading = await Promise.all(left.map(leads));
      expect(leading.filter(Boolean)).toHaveLength(1);
      const leader = left[leading.indexOf(true)]!;
      const publishing = (async () => {
        for (let n = 0; n < 40; n++) await publish(5);
      })();
      await leader.close();
      await publishing;
      left = left.filter((page) => page !== leader);
      await haveAll(left);
    }
  });
});
