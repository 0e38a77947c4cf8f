import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { executablePath } from '../browser/chromium.js';
import { MonitorStage } from './stage.js';

describe.skipIf(executablePath === undefined)('the lists in a real Chromium', () => {
  const stage = new MonitorStage();
  const names = (page: Page) => page.locator('row-list [role=option] bdi').allTextContents();

  it('are narrowed down by how their rows stand, and put in order', async () => {
    await stage.publish('b', 'x'.repeat(9));
    await stage.publish('a', 'x');
    await stage.publish('c', 'x'.repeat(90));
    await stage.server.streams.close('a', 'failed', 'a hole');
    const page = await stage.open();
    const order = page.getByLabel('Order');
    await order.selectOption('By name');
    await expect.poll(() => names(page)).toEqual(['a', 'b', 'c']);
    await order.selectOption('Largest');
    await expect.poll(() => names(page)).toEqual(['c', 'b', 'a']);
    await page.getByLabel('Filter by state').selectOption('Failed');
    await expect.poll(() => names(page)).toEqual(['a']);
  });

  it('turn to what an address names, and mark it', async () => {
    await stage.publish('s', 'x');
    await stage.publish('runs/r', 'x');
    const page = await stage.open('/#/runs/r');
    const chosen = page.locator('row-list [aria-selected=true] bdi');
    await chosen.filter({ hasText: /^r$/ }).waitFor();
    await page.getByRole('button', { name: 'Streams' }).click();
    await expect.poll(() => names(page)).toEqual(['s']);
    expect(await chosen.count()).toBe(0);
    await page.locator('row-list [role=option]').click();
    await chosen.filter({ hasText: /^s$/ }).waitFor();
    expect(new URL(page.url()).hash).toBe('#/streams/s');
  });

  it('show all of a kind of trouble where the overview says that there is more', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await stage.publish(name, 'x');
      if (name !== 'f') await stage.server.streams.close(name, 'failed', 'a hole');
    }
    const page = await stage.open();
    await page.getByRole('button', { name: '1 more' }).click();
    await expect.poll(async () => (await names(page)).toSorted()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(await page.getByLabel('Filter by state').inputValue()).toBe('failed');
  });
});
