import { createClient } from 'sluice/client';
import { pipeline } from 'sluice/run';
import { createWebSocketTransport, type ClientSocketClass } from 'sluice/transport/websocket/client';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { executablePath } from '../browser/chromium.js';
import { MonitorStage } from './stage.js';

const approval = pipeline('approval').step('ask', async (_, { waitFor }) => await waitFor('yes'));

describe.skipIf(executablePath === undefined)('what needs somebody, in a real Chromium', () => {
  const stage = new MonitorStage();

  it('is nothing where all is well', async () => {
    await stage.publish('s', 'x');
    const page = await stage.open();
    await page.getByText('Nothing waits').waitFor();
  });

  it('is said with what to do, and is one click away', async () => {
    const run = stage.server.runs.start(approval, 'x' as never, { executionId: 'r' });
    run.result.catch(() => {});
    for (let i = 0; i < 6; i++) {
      await stage.publish(`broken/${i}`, 'x');
      await stage.server.streams.close(`broken/${i}`, 'failed', 'no <i>more</i>');
    }
    const page = await stage.open();
    const failed = page.getByRole('region', { name: 'Streams that failed' });
    await failed.getByText('no <i>more</i>').first().waitFor();
    expect(await failed.getByRole('listitem').count()).toBe(4);
    await failed.getByRole('button', { name: '2 more' }).click();
    const rows = page.locator('row-list [role=option] bdi');
    await expect
      .poll(async () => (await rows.allTextContents()).toSorted())
      .toEqual(Array.from({ length: 6 }, (_, i) => `broken/${i}`));
    expect(await page.getByLabel('Filter by state').inputValue()).toBe('failed');
    const waiting = page.getByRole('region', { name: 'Runs that wait' });
    await waiting.getByText('yes').waitFor();
    await waiting.getByRole('link', { name: 'r' }).click();
    await page.getByLabel('It waits for').fill('true');
    await page.getByRole('button', { name: 'Answer' }).click();
    expect(await run.result).toBe(true);
    expect(await page.getByLabel('Filter by state').inputValue()).toBe('all');
  });

  it('names a reader that takes nothing, with its session', async () => {
    await stage.publish('s', ...Array.from({ length: 500 }, (_, i) => `${i} `));
    const transport = createWebSocketTransport({
      url: stage.server.url,
      WebSocket: WebSocket as unknown as ClientSocketClass,
    });
    const client = createClient({ transport, window: { chunks: 50, bytes: 1 << 20 } });
    await client.read('s').next();
    const page = await stage.open();
    const behind = page.getByRole('region', { name: 'Readers that are behind' });
    const [reader] = stage.server.gateway.connections();
    const who = reader!.session.slice(0, 8);
    await behind.getByText(new RegExp(`\\(${who}\\): 4[45]\\d behind, no credit`)).waitFor();
    client.close();
    await expect.poll(() => behind.count()).toBe(0);
  });
});
