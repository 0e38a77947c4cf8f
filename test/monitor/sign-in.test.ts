import { describe, expect, it } from 'vitest';
import { executablePath } from '../browser/chromium.js';
import { MonitorStage } from './stage.js';

describe.skipIf(executablePath === undefined)('signing in, in a real Chromium', () => {
  const stage = new MonitorStage();

  it('asks again when the token is none, and says why', async () => {
    stage.expected = /401|403|404/;
    const page = await stage.open('/streams');
    await page.route('**/monitor/state?*', async (route) => {
      const message =
        route.request().headers()['authorization'] === undefined ? 'Who are you?' : 'That is <b>nobody</b>.';
      await route.fulfill({ status: 401, json: { message } });
    });
    await page.goto(stage.server.url);
    await page.getByRole('alert').filter({ hasText: 'Who are you?' }).waitFor();
    await page.getByLabel('Token').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'That is <b>nobody</b>.' }).waitFor();
    expect(await page.getByLabel('Token').getAttribute('type')).toBe('password');
  });
});
