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
    // There is a point to point at, and nothing comes any more that moves the plots: the last of them says what it knows.
    await page.getByRole('img', { name: /Memory of the server .*heap \d+ MiB/ }).waitFor();
    await expect.poll(() => plots.locator('canvas').count()).toBe(4);
    expect(await when.count()).toBe(0);
    // The latest point is at the right edge.
    const box = (await plots.first().locator('.u-over').boundingBox())!;
    await page.mouse.move(box.x + box.width - 2, box.y + 20);
    // With the next look they turn to another time, one after the other.
    await expect
      .poll(() => when.allTextContents())
      .toSatisfy((said) => said.length === 4 && new Set(said).size === 1 && /^at \d\d:\d\d:\d\d$/.test(said[0]));
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
