import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { createFlow } from 'sluice/flow';
import { serve } from 'sluice/node';
import { stamp } from 'sluice/operators';
import { fromPull } from 'sluice/source/iterable';
import { publishTo } from 'sluice/streams';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle, executablePath, startBrowser } from './chromium.js';

const entry = fileURLToPath(new URL('slow-page.ts', import.meta.url));

describe.skipIf(executablePath === undefined)('in a real Chromium', () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await startBrowser()));
  afterAll(async () => await browser.close());

  it('a page that stops reading stops the generator on the server', async () => {
    const [credit, window] = [100, 64];
    const script = await bundle(entry);
    await using server = await serve({
      port: 0,
      fallback: (_, response) => response.end(`<body></body><script type=module>${script}</script>`),
    });
    await server.streams.create('texts');
    const page = await browser.newPage();
    await page.goto(`${server.url}/slow`);
    await page.waitForFunction('globalThis.take');
    const take = (count: number) => page.evaluate(`take(${count})`);

    const first = take(1);
    await expect.poll(() => server.streams.readers.slowest('texts')).toBe(0);
    const flow = createFlow();
    let made = 0;
    function* numbers() {
      for (;;) yield String(made++);
    }
    const producing = fromPull(numbers, { flow })
      .pipe(stamp({ streamId: 'texts' }), publishTo(server.streams, 'texts', { flow, window, maxBatch: window }))
      .subscribe();
    expect(await first).toBe(0);
    expect(await take(999)).toBe(999);
    // What the page has asked for last may be on its way: it stops soon, and then it stands still.
    let ran = 0;
    const goesOn = async () => {
      ran = made;
      await sleep(100);
      return made > ran;
    };
    await expect.poll(goesOn).toBe(false);
    expect(made).toBeLessThanOrEqual(1000 + credit + window);
    expect(await take(500)).toBe(1499);
    expect(made).toBeGreaterThan(ran);
    producing.unsubscribe();
    await page.close();
  });
});
