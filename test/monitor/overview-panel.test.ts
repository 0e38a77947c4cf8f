import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { executablePath } from '../browser/chromium.js';
import { MonitorStage } from './stage.js';

describe.skipIf(executablePath === undefined)('the overview in a real Chromium', () => {
  const stage = new MonitorStage();

  it('counts what there is', async () => {
    await stage.publish('a', 'x');
    await stage.publish('b', 'x');
    await stage.server.streams.close('b');
    const page = await stage.open();
    const tile = (name: string) =>
      page.locator('overview-panel dl > div', { hasText: name }).locator('dd').textContent();
    await expect.poll(() => tile('Streams')).toBe('2');
    expect([await tile('Live'), await tile('Connections')]).toEqual(['1', '0']);
    await page.goto(`${stage.server.url}/#/streams/a`);
    await expect.poll(() => stage.server.gateway.connections().length).toBe(2);
    await page.getByRole('link', { name: 'sluice' }).click();
    await expect.poll(() => stage.server.gateway.connections().length).toBe(0);
  });

  it('plots the last minutes, and says the latest in words', async () => {
    const page = await stage.open();
    const writing = new AbortController();
    const written = (async () => {
      for (; !writing.signal.aborted; await sleep(20)) await stage.publish('s', 'x'.repeat(100));
    })();
    await page.getByRole('img', { name: /Chunks kept a second over the last minutes; now chunks\/s [1-9]/ }).waitFor();
    await page.getByRole('img', { name: /Memory of the server .*heap \d+ MiB, whole process \d+ MiB/ }).waitFor();
    await expect.poll(() => page.locator('time-plot canvas').count()).toBe(4);
    writing.abort();
    await written;
  });
});
