import { describe, expect, it } from 'vitest';
import { executablePath } from '../browser/chromium.js';
import { MonitorStage } from './stage.js';

describe.skipIf(executablePath === undefined)('a choice in a real Chromium', () => {
  const stage = new MonitorStage();

  it('shows what is chosen, also where somebody chose otherwise before', async () => {
    const page = await stage.open();
    const states = page.getByLabel('Filter by state');
    await states.selectOption('Failed');
    await expect.poll(() => states.inputValue()).toBe('failed');
    await page.getByRole('button', { name: 'Runs' }).click();
    await expect.poll(() => states.locator('option').count()).toBe(5);
    expect(await states.inputValue()).toBe('all');
  });
});
