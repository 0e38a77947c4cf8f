import { describe, expect, it } from 'vitest';
import { executablePath } from '../browser/chromium.js';
import { MonitorStage, shownText } from './stage.js';

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
    await page.getByRole('alert').filter({ hasText: 'The server says: Who are you?' }).waitFor();
    expect(await page.locator('.tried').count()).toBe(0);
    await page.getByLabel('Token').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'That is <b>nobody</b>.' }).waitFor();
    expect(await page.locator('.tried').count()).toBe(1);
    expect(await page.getByLabel('Token').getAttribute('type')).toBe('password');
  });

  it('shows nothing to who is unknown, and everything to who is known, streams and answers too', async () => {
    stage.expected = /401|403/;
    const ahab = { id: 'ahab' };
    await stage.server.close();
    stage.server = await stage.serve({
      authenticate: ({ header }) => (header('authorization') === 'Bearer secret' ? ahab : undefined),
      authorize: (principal) => principal === ahab,
    });
    await stage.publish('logbook', 'the whale!');
    const page = await stage.open('/#/streams/logbook');
    await page.getByRole('heading', { name: 'This server asks who you are' }).waitFor();
    expect(await page.locator('row-list').isVisible()).toBe(false);
    await page.getByLabel('Token').fill('secret');
    await page.keyboard.press('Enter');
    await page.locator('row-list bdi', { hasText: 'logbook' }).waitFor();
    await expect.poll(() => shownText(page)).toBe('the whale!');
    await page.locator('sluice-marbles [role=status]', { hasText: 'live' }).waitFor();
    await page.reload();
    await expect.poll(() => shownText(page)).toBe('the whale!');
  });
});
