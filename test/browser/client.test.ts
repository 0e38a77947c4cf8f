import type { Page } from 'playwright-core';
import { createChunk } from 'sluice/chunk';
import { beforeEach, describe, expect, it } from 'vitest';
import { executablePath } from './chromium.js';
import { BrowserStage } from './stage.js';

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** What a reader has seen, in a page or a worker. */
interface Seen {
  readonly seqs: readonly number[];
  readonly state: string;
}

describe.skipIf(executablePath === undefined)('a browser client in a real Chromium', () => {
  const stage = new BrowserStage({
    client: new URL('client-page.ts', import.meta.url),
    tabs: new URL('tabs-page.ts', import.meta.url),
  });
  let published: number;
  beforeEach(async () => {
    await stage.server.streams.create('ticks');
    published = 0;
  });

  const publish = async (count: number): Promise<void> => {
    const chunks = numbers(count).map((n) => createChunk({ streamId: 's', seq: 0, data: `${published + n}` }));
    published += count;
    await stage.server.streams.publish('ticks', chunks);
  };
  const seen = async (page: Page) => await page.evaluate<Seen>('globalThis.seen()');
  const hasAll = async (page: Page) =>
    await expect.poll(async () => (await seen(page)).seqs).toEqual(numbers(published));
  /** The page's link is cut, and it waits for an hour. */
  const lose = async (page: Page): Promise<void> => {
    stage.cut();
    await expect.poll(async () => (await seen(page)).state).toBe('waiting');
  };

  it('goes on at once when the network is back', async () => {
    await publish(10);
    const page = await stage.open('client');
    await hasAll(page);
    await stage.context.setOffline(true);
    await lose(page);
    await publish(10);
    await stage.context.setOffline(false);
    await hasAll(page);
  });

  // A headless Chromium neither hides nor freezes its tabs: the test says what it would say.
  it.each(['visibilitychange', 'resume'])('goes on at once when its tab is back: %s', async (event) => {
    await publish(10);
    const page = await stage.open('client');
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
    const page = await stage.open('plain');
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
    const pages = [await stage.open('tabs'), await stage.open('tabs'), await stage.open('tabs')];
    const seqs = async (page: Page) => await page.evaluate<number[]>('globalThis.seqs()');
    const leads = async (page: Page) => await page.evaluate<boolean>('globalThis.leads()');
    const haveAll = async (open: readonly Page[]) => {
      for (const page of open) {
        await expect.poll(async () => await seqs(page)).toEqual(numbers(published));
      }
      await expect.poll(() => stage.server.gateway.connections().length).toBe(1);
    };
    // Right after one has gone, for a moment nobody leads.
    const leaderOf = async (open: readonly Page[]): Promise<Page> => {
      let leading: boolean[] = [];
      const look = async () => (leading = await Promise.all(open.map(leads))).filter(Boolean).length;
      await expect.poll(look).toBe(1);
      return open[leading.indexOf(true)]!;
    };
    await haveAll(pages);
    for (let left = pages; left.length > 1;) {
      const leader = await leaderOf(left);
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
