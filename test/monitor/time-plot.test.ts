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

  it('says on every plot what was at the time that is pointed at', async () => {
    const page = await stage.open('/', { viewport: { width: 1200, height: 1400 } });
    const [plots, when] = [page.locator('time-plot'), page.locator('time-plot .when')];
    await expect.poll(() => plots.locator('canvas').count()).toBe(4);
    expect(await when.count()).toBe(0);
    // The latest point is at the right edge.
    const box = (await plots.first().locator('.u-over').boundingBox())!;
    await page.mouse.move(box.x + box.width - 2, box.y + 20);
    await expect.poll(() => when.allTextContents()).toHaveLength(4);
    const said = await when.allTextContents();
    expect(said[0]).toMatch(/^at \d\d:\d\d:\d\d$/);
    expect(new Set(said).size).toBe(1);
    await page.mouse.move(2, 2);
    await expect.poll(() => when.count()).toBe(0);
  });

  it('is drawn again when it comes back to the page', async () => {
    const page = await stage.open();
    const canvas = page.locator('time-plot canvas');
    await expect.poll(() => canvas.count()).toBe(4);
    await page.goto(`${stage.server.url}/#/streams/none`);
    await expect.poll(() => canvas.count()).toBe(0);
    await page.goto(`${stage.server.url}/#/`);
    await expect.poll(() => canvas.count()).toBe(4);
  });
});
