import { describe, expect, it } from 'vitest';
import { executablePath } from '../browser/chromium.js';
import { MonitorStage } from './stage.js';

describe.skipIf(executablePath === undefined)('a plot in a real Chromium', () => {
  const stage = new MonitorStage();

  /** How many points of a canvas are painted. */
  const painted = (canvas: HTMLCanvasElement | SVGElement) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
    return { width, count: data.filter((value, i) => i % 4 === 3 && value > 0).length };
  };

  it('paints its lines, fits its place, and takes the colours of the theme', async () => {
    // That is how we look.
    stage.expected = /getImageData/;
    const page = await stage.open('/', { viewport: { width: 1200, height: 800 }, colorScheme: 'light' });
    const canvas = page.locator('time-plot canvas').last();
    await expect.poll(async () => (await canvas.evaluate(painted)).count).toBeGreaterThan(100);
    const { width } = await canvas.evaluate(painted);
    await page.setViewportSize({ width: 700, height: 800 });
    await expect.poll(async () => (await canvas.evaluate(painted)).width).not.toBe(width);
    const colour = () => canvas.evaluate((found) => (found as HTMLCanvasElement).toDataURL());
    const light = await colour();
    await page.getByLabel('Theme').selectOption('dark');
    await expect.poll(colour).not.toBe(light);
  });
});
