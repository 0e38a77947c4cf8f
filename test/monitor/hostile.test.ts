import type { Page } from 'playwright-core';
import type { JsonValue } from 'sluice/chunk';
import { maxNameBytes } from '../../src/chunk/name.js';
import { describe, expect, it } from 'vitest';
import { executablePath } from '../browser/chromium.js';
import { naughty, naughtyText } from '../naughty.js';
import { MonitorStage, shownText } from './stage.js';

const at = (id: string, kind = 'streams') => `/#/${kind}/${encodeURIComponent(id)}`;

describe.skipIf(executablePath === undefined)('a publisher who means ill, in a real Chromium', () => {
  const stage = new MonitorStage();

  /** Nothing that was published became an element, ran, or pushed anything off the page. */
  const isUnharmed = async (page: Page, title: string) => {
    expect(await page.title()).toBe(title);
    expect(await page.locator('img, iframe, svg[onload], script:not([src="/monitor/monitor.js"])').count()).toBe(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  };

  it('names streams as it likes: they are listed, chosen and shown as they are called', async () => {
    const names = [
      '<img src=x onerror="document.title=1">',
      '\u202eevil\u2066/\u05e9\u05dc\u05d5\u05dd',
      '"\'><script>document.title=2</script>'.replaceAll('/', ' '),
      '%2F..%2F?#&',
      '\u{1f600}'.repeat(maxNameBytes / 4),
    ];
    for (const name of names) {
      await stage.publish(name, `text of ${name}`);
      await stage.server.streams.close(name, 'failed', name);
    }
    const page = await stage.open();
    await expect
      .poll(async () => (await page.locator('row-list bdi').allTextContents()).toSorted())
      .toEqual(names.toSorted());
    for (const name of names) {
      await page.getByLabel('Filter by name').fill(name);
      await page.locator('row-list [role=option]').click();
      await expect.poll(() => page.locator('stream-panel h2').textContent()).toBe(name);
      await expect.poll(() => shownText(page)).toBe(`text of ${name}`);
      await isUnharmed(page, `${name} \u00b7 sluice`);
    }
    await page.getByRole('link', { name: 'sluice' }).click();
    await page.getByRole('region', { name: 'Streams that failed' }).waitFor();
    await isUnharmed(page, 'sluice');
  });

  it('sends whatever there is, of one type and then another: all of it is text', async () => {
    const line = 'y'.repeat(900_000);
    const page = await stage.open(at('s'));
    await stage.publish('s', ...naughty);
    await stage.publish('s', { naughty }, line, [naughtyText], 7, null);
    await stage.server.streams.close('s', 'failed', naughtyText.slice(0, 500));
    const whole = [
      naughty.join(''),
      `${JSON.stringify({ naughty })}\n`,
      line,
      `${JSON.stringify([naughtyText])}\n`,
      '7\nnull\n',
    ].join('');
    await expect.poll(async () => await shownText(page)).toBe(whole.slice(-1_000_000));
    await page.locator('.badge', { hasText: 'failed' }).waitFor();
    await isUnharmed(page, 's \u00b7 sluice');
  });

  it('tells lies of a run: what can be shown is shown, and the rest is left out', async () => {
    const odd: JsonValue[] = [null, 7, 'x', [], {}, naughtyText, { a: { b: [] } }];
    const event = (
      event_type: string,
      step_id: JsonValue,
      data: JsonValue,
      timestamp: JsonValue = 1e300,
    ): JsonValue => ({
      event_type,
      execution_id: 'another run',
      step_id,
      timestamp,
      data,
    });
    const steps = [
      'step_start',
      'step_progress',
      'step_output',
      'step_error',
      'step_retry',
      'step_waiting',
      'step_log',
    ];
    const names = ['message', 'fraction', 'values', 'attempt', 'name', 'details', 'duration_ms', 'encoding', 'reason'];
    await stage.publish('runs/r', ...odd, event('pipeline_start', null, { pipeline: naughtyText, attempt: -1 }, -5));
    for (const value of odd) {
      const data = Object.fromEntries(names.map((name) => [name, value]));
      await stage.publish(
        'runs/r',
        ...steps.flatMap((type) => [
          event(type, naughtyText, data),
          event(type, 'a/b', value),
          event(type, value, data),
        ]),
      );
    }
    await stage.publish('runs/r', event('step_waiting', 'ask', { name: naughty[0]!, details: { naughty } }));
    const page = await stage.open(at('r', 'runs'));
    await page.getByLabel('It waits for').last().waitFor();
    await isUnharmed(page, 'r \u00b7 sluice');
    await stage.publish('runs/r', event('pipeline_error', null, { message: naughtyText }));
    await page.getByRole('status').filter({ hasText: 'failed' }).waitFor();
    await isUnharmed(page, 'r \u00b7 sluice');
  });

  it('or has a clock that is wrong, as the page may have, too: times are those of the server', async () => {
    await stage.publish('s', 'x');
    const page = await stage.open('/streams');
    await page.addInitScript(() => {
      const now = Date.now.bind(Date);
      Date.now = () => now() + 400 * 86_400_000;
    });
    await page.goto(stage.server.url + at('s'));
    await page
      .locator('stream-panel dl > div', { hasText: 'Last chunk' })
      .getByText(/now|seconds? ago/)
      .waitFor();
    await page.locator('row-list small', { hasText: /· \d+ s$/ }).waitFor();
  });
});
