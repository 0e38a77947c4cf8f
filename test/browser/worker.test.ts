import type { Page } from 'playwright-core';
import { createChunk } from 'sluice/chunk';
import { beforeEach, describe, expect, it } from 'vitest';
import { executablePath } from './chromium.js';
import { BrowserStage } from './stage.js';

const words = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `è${from + n} `);

describe.skipIf(executablePath === undefined)('workers in a real Chromium', () => {
  const stage = new BrowserStage({ worker: new URL('worker-script.ts', import.meta.url) });
  let page: Page;
  beforeEach(async () => {
    await stage.server.streams.create('ticks');
    page = await stage.open('page');
  });

  const publish = async (from: number, to: number): Promise<void> => {
    await stage.server.streams.publish(
      'ticks',
      words(from, to).map((data) => createChunk({ streamId: 's', seq: 0, data })),
    );
  };
  const shows = async (text: readonly string[]): Promise<void> =>
    await expect.poll(async () => await page.evaluate('globalThis.text')).toBe(text.join(''));

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
        stage.cut();
        await publish(10, 20);
        await shows(words(0, 20));
        await is('open');
        await stage.server.streams.close('ticks');
        await is('complete');
        expect(await page.evaluate('globalThis.text')).toBe(words(0, 20).join(''));
      },
    );

    it('reads no further when the page has left', async () => {
      const reading = () => stage.server.gateway.connections().flatMap((connection) => connection.reading);
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
    stage.cut();
    await publish(10, 20);
    await shows(words(0, 20));
  });
});
