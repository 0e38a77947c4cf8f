import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { createChunk } from 'sluice/chunk';
import { type Server, serve } from 'sluice/node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundle, executablePath, startBrowser } from './chromium.js';

const example = fileURLToPath(new URL('../../examples/02-browser-reader.ts', import.meta.url));

describe.skipIf(executablePath === undefined)('in a real Chromium', () => {
  let browser: Browser;
  let server: Server;
  let page: Page;
  let problems: string[];
  let script: string;
  const sockets = new Set<Socket>();
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };

  beforeAll(async () => {
    browser = await startBrowser();
    script = await bundle(example);
  });
  afterAll(async () => await browser.close());
  beforeEach(async () => {
    server = await serve({
      port: 0,
      fallback: (_, response) => response.end(`<body></body><script type=module>${script}</script>`),
    });
    sockets.clear();
    server.http.on('connection', (socket: Socket) => sockets.add(socket));
    page = await browser.newPage();
    problems = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on(
      'console',
      (message) => message.text().includes('Content Security Policy') && problems.push(message.text()),
    );
  });
  afterEach(async () => {
    await page.close();
    await server.close();
    expect(problems).toEqual([]);
  });

  const words = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => createChunk({ streamId: 's', seq: 0, data: `word ${from + n}\r\n` }));

  it('a plain EventSource resumes by Last-Event-ID after a cut, and stops at the end', async () => {
    await server.streams.publish('s', words(0, 50));
    await page.goto(server.url);
    await page.evaluate(() => {
      const got = { seqs: [] as number[], opened: 0, ended: '' };
      Object.assign(globalThis, { got });
      const source = new EventSource('/streams/s');
      Object.assign(globalThis, { source });
      source.onopen = () => got.opened++;
      source.onmessage = ({ lastEventId, data }) => {
        const { seq, data: text } = JSON.parse(data as string) as { seq: number; data: string };
        if (String(seq) !== lastEventId || text !== `word ${seq}\r\n`) throw new Error(`wrong event ${seq}`);
        got.seqs.push(seq);
      };
      source.addEventListener(
        'end',
        ({ data }) => (got.ended = (JSON.parse(data as string) as { status: string }).status),
      );
    });
    const seqs = async () => await page.evaluate(() => (globalThis as unknown as { got: { seqs: number[] } }).got.seqs);
    await expect.poll(seqs).toHaveLength(50);
    cut();
    await server.streams.publish('s', words(50, 100), { close: { status: 'completed' } });
    await expect.poll(seqs, { timeout: 10_000 }).toHaveLength(100);
    expect(await seqs()).toEqual(Array.from({ length: 100 }, (_, n) => n));
    // It comes once more behind the end, gets 204 and gives up.
    const state = async () =>
      await page.evaluate(() => (globalThis as unknown as { source: EventSource }).source.readyState);
    await expect.poll(state, { timeout: 10_000 }).toBe(2);
    const { opened, ended } = await page.evaluate(
      () => (globalThis as unknown as { got: { opened: number; ended: string } }).got,
    );
    expect({ opened, ended }).toEqual({ opened: 2, ended: 'completed' });
  });

  it('the client reads over the browser’s own WebSocket, is cut, and goes on', async () => {
    await server.streams.publish('ticks', words(0, 100));
    await page.goto(`${server.url}/reader`);
    await page.locator('body', { hasText: 'word 99' }).waitFor();
    const [first] = server.gateway.connections();
    expect(first!.peer.transport).toBe('websocket');
    cut();
    // The client is back within milliseconds: what lasts is that its first session is over.
    await expect.poll(() => server.gateway.connections().map(({ session }) => session)).not.toContain(first!.session);
    await server.streams.publish('ticks', words(100, 200), { close: { status: 'completed' } });
    await page.locator('body', { hasText: 'word 199' }).waitFor();
    const text = await page.locator('body').textContent();
    expect(text!.match(/word \d+/g)).toEqual(Array.from({ length: 200 }, (_, n) => `word ${n}`));
  });
});
