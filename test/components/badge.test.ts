import { describe, expect, it } from 'vitest';
import { executablePath } from '../browser/chromium.js';
import { event } from './events.js';
import { ComponentStage } from './stage.js';

describe.skipIf(executablePath === undefined)('a badge in a real Chromium', () => {
  const stage = new ComponentStage();

  it('says how something stands, and looks like it', async () => {
    await stage.publish('runs/r', event('pipeline_start', 1, { pipeline: 'p', attempt: 1 }));
    const page = await stage.open('<sluice-run run="r"></sluice-run>');
    const status = (words: string) => page.getByRole('status').filter({ hasText: words });
    const colour = async (words: string) => {
      await status(words).waitFor();
      return await status(words).evaluate((found) => getComputedStyle(found).color);
    };
    const running = await colour('running');
    await stage.publish('runs/r', event('pipeline_error', 2, { message: 'no' }));
    expect(await colour('failed')).not.toBe(running);
  });
});
