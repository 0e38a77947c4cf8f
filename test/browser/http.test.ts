import type { Page } from 'playwright-core';
import { createHttpProducer, httpStream, pullHttp } from 'sluice/transport/http/client';
import { describe, expect, it } from 'vitest';
import { executablePath } from './chromium.js';
import { BrowserStage } from './stage.js';

const retry = { initialDelayMs: 20, maxDelayMs: 100 };

describe.skipIf(executablePath === undefined)('Durable Streams in a real Chromium', () => {
  const stage = new BrowserStage(
    { page: new URL('http-page.ts', import.meta.url) },
    { body: '<pre id=text></pre><p id=state></p>', durable: { longPollTimeoutMs: 500 } },
  );

  const shows = (page: Page, id: string, text: string | RegExp) => page.locator(id, { hasText: text }).waitFor();

  it('a page reads what is there and what comes, also when its connection is cut, to the end', async () => {
    const url = `${stage.server.url}/v1/stream/read`;
    const stream = httpStream({ url, contentType: 'text/plain' });
    await stream.create({ items: ['Call me '] });
    const page = await stage.open('page');
    await shows(page, '#text', 'Call me');
    await stream.append('Ishmael.');
    await shows(page, '#text', 'Call me Ishmael.');
    const writer = createHttpProducer({ url, contentType: 'text/plain', producerId: 'writer', retry });
    for (let i = 0; i < 3; i++) {
      // Those of the writer among them.
      stage.cut();
      await writer.append(` ${i} è`);
      await shows(page, '#text', ` ${i} è`);
    }
    await writer.close();
    await shows(page, '#state', 'completed');
    expect(await page.locator('#text').textContent()).toBe('Call me Ishmael. 0 è 1 è 2 è');
  });

  it('a page writes everything once and in order', async () => {
    const url = `${stage.server.url}/v1/stream/written`;
    await httpStream({ url, contentType: 'application/json' }).create();
    const page = await stage.open('page');
    await page.waitForFunction('globalThis.write');
    await page.evaluate('write(95)');
    const written: unknown[] = [];
    for await (const { items } of pullHttp({ url })) written.push(...items);
    expect(written).toEqual(Array.from({ length: 95 }, (_, n) => ({ n })));
  });
});
