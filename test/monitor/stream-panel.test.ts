import { createClient } from 'sluice/client';
import type { ClientTransport } from 'sluice/transport';
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
        expect.stringMatching(/^127\.0\.0\.1 \([0-9a-f]{8}\)$/),
        'websocket',
        expect.stringMatching(/^5\d$/),
        expect.stringMatching(/^1,9\d\d$/),
        expect.stringMatching(/^\d+ s$/),
        '0',
        '0',
        '0',
        '0',
        '0',
      ]);
    client.close();
    await expect.poll(() => cells.count()).toBe(0);
  });

  it('shows what a reader was missing: holes, what it asked for again and was sent again, and what is lost', async () => {
    const socket = createWebSocketTransport({
      url: stage.server.url,
      WebSocket: WebSocket as unknown as ClientSocketClass,
    });
    let lost = false;
    /** The third chunk is lost on its way, once. */
    const comes = (frame: object): boolean => {
      if (lost || !('seq' in frame) || frame.seq !== 3 || !('chunks' in frame)) return true;
      lost = true;
      return false;
    };
    const transport: ClientTransport = {
      connect: (events) =>
        socket.connect({
          opened: () => events.opened(),
          drained: () => events.drained(),
          closed: (code, reason) => events.closed(code, reason),
          frames: (frames) => events.frames(frames.filter(comes)),
        }),
    };
    await stage.server.streams.create('s');
    const client = createClient({ transport, gapMs: 20 });
    const seen: number[] = [];
    const reading = client.receive('s').subscribe(({ seq }) => seen.push(seq));
    await expect.poll(() => stage.server.gateway.connections()[0]?.reading.length).toBe(1);
    for (let i = 0; i < 6; i++) {
      await stage.publish('s', `${i} `);
      await expect.poll(() => stage.server.gateway.connections()[0]?.reading[0]?.next).toBe(i + 1);
    }
    await expect.poll(() => seen).toEqual([0, 1, 2, 3, 4, 5]);
    const page = await stage.open('/#/streams/s');
    const gaps = async () => {
      const rows = await page.locator('stream-panel tbody tr').all();
      return await Promise.all(
        rows.map(async (row) => (await row.locator('td').allTextContents()).slice(-4).join(' ')),
      );
    };
    /** A busy reader may ask twice before it is answered. */
    const told = () => {
      const { holes, asked, resent, lost: gone } = stage.server.gateway.connections()[0]!.reading[0]!.gaps;
      return `${holes} ${asked} ${resent} ${gone}`;
    };
    const none = '0 0 0 0';
    await expect
      .poll(async () => [told(), ...(await gaps())])
      .toSatisfy(([one, ...rows]) => rows.join() === [one, none, none].join());
    expect(told()).toMatch(/^1 [1-9]\d* [1-9]\d* 0$/);
    reading.unsubscribe();
    client.close();
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
