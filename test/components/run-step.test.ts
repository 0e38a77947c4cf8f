import type { Page } from 'playwright-core';
import type { JsonValue } from 'sluice/chunk';
import { describe, expect, it } from 'vitest';
import { executablePath } from '../browser/chromium.js';
import { event } from './events.js';
import { ComponentStage } from './stage.js';

describe.skipIf(executablePath === undefined)('a step of a run in a real Chromium', () => {
  const stage = new ComponentStage();
  const begun = event('pipeline_start', 1000, { pipeline: 'p', attempt: 1 });

  /** Opens the run, whose clock says so much. */
  const open = async (now: number): Promise<Page> => {
    const page = await stage.open('<sluice-run run="r"></sluice-run>');
    await page.locator('sluice-run').evaluate((found, at) => Object.assign(found, { now: () => at }), now);
    return page;
  };

  it('tells how long it has been at work, and how long it waits', async () => {
    await stage.publish('runs/r', begun, event('step_start', 2000, { attempt: 1 }));
    const page = await open(64_000);
    await page.locator('li', { hasText: 'for 1 min 2 s' }).waitFor();
    await page.locator('.head', { hasText: 'for 1 min 3 s' }).waitFor();
    await stage.publish('runs/r', event('step_waiting', 60_000, { name: 'approval' }));
    await page.locator('li', { hasText: 'waits for 4.0 s' }).waitFor();
  });

  it('is never at work for less than no time, whatever the clock of the page says', async () => {
    await stage.publish('runs/r', begun, event('step_start', 2000, { attempt: 1 }), event('step_log', 2500, {}));
    const page = await open(5);
    await page.locator('li', { hasText: 'for 500 ms' }).waitFor();
    await page.locator('.head', { hasText: 'for 1.5 s' }).waitFor();
  });

  it('names the attempts that failed before this one, and why', async () => {
    await stage.publish(
      'runs/r',
      begun,
      event('step_start', 2000, { attempt: 1 }),
      event('step_error', 3000, { attempt: 1, message: 'too <b>early</b>', duration_ms: 1000 }),
      event('step_retry', 3000, { attempt: 2, reason: 'too early' }),
      event('step_start', 4000, { attempt: 2 }),
      event('step_error', 5000, { attempt: 2, message: 'too late' }),
    );
    const page = await open(5000);
    await page.locator('.error', { hasText: 'too late' }).waitFor();
    const failures = page.getByRole('list', { name: 'Attempts that failed' }).getByRole('listitem');
    expect((await failures.allTextContents()).map((text) => text.trim())).toEqual([
      'attempt 1 failed after 1.0 s: too <b>early</b>',
    ]);
  });

  it('stands as far in as it is within others, and its time below theirs', async () => {
    const within = (step_id: string): JsonValue => ({
      event_type: 'step_start',
      execution_id: 'r',
      step_id,
      timestamp: 2000,
      data: { attempt: 1 },
    });
    const ids = ['a', 'a/b', 'a/b/c', 'a/b/c/d', 'a/b/c/d/e'];
    await stage.publish('runs/r', begun, ...ids.map(within));
    const page = await open(9000);
    await page.locator('.name').nth(4).waitFor();
    const lefts = async (parts: string) =>
      await page.locator(parts).evaluateAll((found) => found.map((one) => Math.round(one.getBoundingClientRect().x)));
    const [a, b, c, d, e] = await lefts('.name');
    expect([b! - a!, c! - b!, d! - c!, e! - d!]).toEqual([20, 20, 20, 0]);
    expect(new Set(await lefts('.when')).size).toBe(1);
  });

  it('is drawn where in the time of the run it was at work', async () => {
    await stage.publish(
      'runs/r',
      begun,
      event('step_start', 2000, { attempt: 1 }),
      event('step_complete', 4000, { duration_ms: 2000 }),
      event('pipeline_complete', 5000, {}),
    );
    const page = await open(9000);
    const bar = page.locator('.when rect');
    await expect
      .poll(async () => [await bar.getAttribute('x'), await bar.getAttribute('width')])
      .toEqual(['25%', '50%']);
  });
});
