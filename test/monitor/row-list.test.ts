import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { executablePath } from '../browser/chromium.js';
import { MonitorStage } from './stage.js';

describe.skipIf(executablePath === undefined)('the list of streams in a real Chromium', () => {
  const stage = new MonitorStage();
  /** The rows: what is said in place of them, before anything is known, is an option as well. */
  const options = (page: Page) => page.locator('row-list [role=option]:not(.none)');

  it('says of each how it stands, by more than a colour', async () => {
    await stage.publish('a', 'x', 'y');
    for (const status of ['completed', 'failed', 'cancelled'] as const) {
      await stage.publish(status, 'x');
      await stage.server.streams.close(status, status);
    }
    const page = await stage.open();
    const said = async () =>
      (await options(page).locator('small').allTextContents()).map((text) =>
        text
          .replaceAll(/\s+/g, ' ')
          .trim()
          .replace(/ · \d+ s$/, ''),
      );
    await expect
      .poll(async () => (await said()).toSorted())
      .toEqual(
        ['● live · 2 chunks', '⊘ cancelled · 1 chunk', '✓ completed · 1 chunk', '✗ failed · 1 chunk'].toSorted(),
      );
  });

  it('is gone through with the keyboard', async () => {
    for (let i = 0; i < 60; i++) await stage.publish(`s/${String(i).padStart(2, '0')}`, 'x');
    const page = await stage.open();
    await options(page).first().waitFor();
    await page.locator('row-list [role=listbox]').focus();
    const current = async () => Number(await page.locator('row-list .current').getAttribute('aria-posinset'));
    await page.keyboard.press('ArrowDown');
    await expect.poll(current).toBe(1);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await expect.poll(current).toBe(2);
    await page.keyboard.press('PageDown');
    await expect.poll(current).toBeGreaterThan(8);
    await page.keyboard.press('End');
    await expect.poll(current).toBe(60);
    await page.keyboard.press('Home');
    await expect.poll(current).toBe(1);
    await page.keyboard.press(' ');
    await page.locator('row-list [aria-selected=true]').waitFor();
    await page.keyboard.press('x');
    expect(new URL(page.url()).hash).toMatch(/^#\/streams\/s%2F\d\d$/);
  });

  it('shows names that turn the writing round, and markup in names, as they are', async () => {
    const names = ['<img src=x onerror="document.title=1">', 'left\u202eright', 'שלום/עולם', '%2F/..%5c'];
    for (const name of names) await stage.publish(name, 'x');
    const page = await stage.open();
    await expect
      .poll(async () => (await options(page).locator('bdi').allTextContents()).toSorted())
      .toEqual(names.toSorted());
    for (const name of names) {
      await options(page).filter({ hasText: name }).click();
      await page.locator('stream-panel h2', { hasText: name }).waitFor();
    }
    expect([await page.locator('img').count(), await page.title()]).toEqual([0, expect.not.stringMatching(/^1$/)]);
  });

  it('says that there are none', async () => {
    const page = await stage.open();
    await page.getByText('There are none.').waitFor();
    await page.getByText('No streams yet.').waitFor();
    await stage.publish('s', 'x');
    await options(page).filter({ hasText: 's' }).first().waitFor();
    await stage.server.streams.delete('s');
    await page.getByText('There are none.').waitFor();
  });
});
