import { describe, expect, it, onTestFinished } from 'vitest';
import { executablePath } from '../browser/chromium.js';
import { ComponentStage, property } from './stage.js';

describe.skipIf(executablePath === undefined)('what reads a stream, in a real Chromium', () => {
  const stage = new ComponentStage();

  it('tells the page how its reading stands, and how it ended', async () => {
    await stage.publish('s', 'x');
    const page = await stage.open('<div></div>');
    await page.evaluate(() => {
      const told: string[] = [];
      Object.assign(globalThis, { told });
      for (const type of ['sluice-state', 'sluice-end']) {
        document.addEventListener(type, (event) => {
          const { state, status, reason } = (event as CustomEvent<Record<string, string>>).detail;
          told.push(`${type} ${state ?? status} ${reason ?? ''}`.trim());
        });
      }
      document.querySelector('div')!.innerHTML = '<sluice-tokens stream="s"></sluice-tokens>';
    });
    const told = () => page.evaluate(() => (globalThis as unknown as { told: string[] }).told);
    await expect.poll(told).toEqual(['sluice-state connecting', 'sluice-state live']);
    await stage.server.streams.cancel('s', 'enough');
    await expect
      .poll(async () => (await told()).slice(2))
      .toEqual(['sluice-state cancelled', expect.stringMatching(/^sluice-end cancelled .*enough/)]);
  });

  it('waits for a stream that is not there yet, and says so', async () => {
    const page = await stage.open('<sluice-tokens stream="later"></sluice-tokens>');
    await page.getByRole('status').filter({ hasText: 'connecting …: ' }).waitFor();
    await stage.publish('later', 'here it is');
    await expect.poll(() => property(page, 'sluice-tokens', 'text')).toBe('here it is');
    await page
      .getByRole('status')
      .filter({ hasText: /^live$/ })
      .waitFor();
  });

  it('reads from the server it is told to', async () => {
    const other = await stage.serveOther();
    // When the page is closed: it would come back, and tell that it cannot.
    onTestFinished(async () => await other.close());
    await other.streams.publish('s', [
      { type: 'text', data: 'from there', final: false, size: 10, metadata: {}, timestamp: 1 },
    ]);
    stage.allow(other.url);
    const page = await stage.open(`<sluice-tokens stream="s" src="${other.url}/anywhere"></sluice-tokens>`);
    await expect.poll(() => property(page, 'sluice-tokens', 'text')).toBe('from there');
  });

  it('reads with the client it is handed, and does not close it', async () => {
    const page = await stage.open('<sluice-tokens></sluice-tokens>');
    await page.evaluate(() => {
      const chunk = {
        streamId: 's',
        seq: 0,
        type: 'text',
        data: 'by hand',
        final: false,
        size: 7,
        metadata: {},
        timestamp: 1,
      };
      const state = { subscribe: (next: (state: string) => void) => (next('open'), { unsubscribe: () => {} }) };
      const receive = () => ({
        subscribe: ({ next }: { next: (value: unknown) => void }) => (
          next(chunk),
          { unsubscribe: () => (document.title = 'let go') }
        ),
      });
      const element = document.querySelector('sluice-tokens')!;
      Object.assign(element, { client: { state, receive }, stream: 's' });
    });
    await expect.poll(() => property(page, 'sluice-tokens', 'text')).toBe('by hand');
    expect(await property(page, 'sluice-tokens', 'state')).toBe('live');
    await page.evaluate(() => document.querySelector('sluice-tokens')!.remove());
    expect(await page.title()).toBe('let go');
  });
});
