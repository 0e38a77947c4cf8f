import { createClient } from 'sluice/client';
import { createWebSocketTransport, type ClientSocketClass } from 'sluice/transport/websocket/client';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { executablePath } from '../browser/chromium.js';
import { MonitorStage, shownText } from './stage.js';

describe.skipIf(executablePath === undefined)('a stream in a real Chromium', () => {
  const stage = new MonitorStage();

  it('shows who reads it, how far behind each is, and what credit each has', async () => {
    await stage.publish('s', ...Array.from({ length: 2000 }, (_, i) => `${i} `));
    const transport = createWebSocketTransport({
      url: stage.server.url,
      WebSocket: WebSocket as unknown as ClientSocketClass,
    });
    const client = createClient({ transport, window: { chunks: 50, bytes: 1 << 20 } });
    const slow = client.read('s');
    await slow.next();
    const page = await stage.open('/#/streams/s');
    const cells = page.locator('tbody tr', { has: page.locator('.behind') }).locator('td');
    await expect
      .poll(() => cells.allTextContents())
      .toEqual([
        expect.any(String),
        'websocket',
        expect.stringMatching(/^5\d$/),
        expect.stringMatching(/^1,9\d\d$/),
        '0',
        '0',
      ]);
    client.close();
    await expect.poll(() => cells.count()).toBe(0);
  });

  it('tells its numbers, and what of it is kept no more', async () => {
    await stage.publish('s', 'x'.repeat(2048), 'y');
    await stage.server.streams.close('s', 'failed', 'no <i>more</i>');
    const page = await stage.open('/#/streams/s');
    await page.locator('stream-panel dl', { hasText: '2.0 KiB' }).waitFor();
    await page.locator('header .reason', { hasText: 'no <i>more</i>' }).waitFor();
    expect(await page.locator('sluice-marbles').count()).toBe(0);
  });

  it('waits for a stream that is not there, and shows it when it is', async () => {
    const page = await stage.open('/#/streams/later');
    await page.getByText('The server knows no stream of this name').waitFor();
    await stage.publish('later', 'here it is');
    await expect.poll(() => page.locator('sluice-tokens').count()).toBe(1);
    await expect.poll(() => shownText(page)).toBe('here it is');
  });

  it('shows marbles over a rough link where that is wanted', async () => {
    await stage.publish('s', 'x');
    const page = await stage.open('/#/streams/s');
    await page.getByLabel('over a rough link').check();
    await expect
      .poll(() => page.locator('sluice-marbles').evaluate((found) => (found as unknown as { rough: boolean }).rough))
      .toBe(true);
    await expect.poll(() => shownText(page)).toBe('x');
  });
});
