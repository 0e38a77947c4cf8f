import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { pipeline } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { executablePath } from '../browser/chromium.js';
import { objectionsTo } from './objections.js';
import { MonitorStage, shownText } from './stage.js';

const approval = pipeline('approval').step(
  'ask',
  async (_, { waitFor }) => await waitFor('yes', { details: { n: 1 } }),
);
const quick = pipeline('quick').step('write', async function* () {
  yield 'Call me ';
  await sleep(20);
  yield 'Ishmael.';
});
const sunk = pipeline('sunk').step(
  'row',
  () => {
    throw new Error('a hole');
  },
  { retry: { attempts: 2, delayMs: 1 } },
);
const words = Array.from({ length: 400 }, (_, i) => `word ${i} è 😀\r\n`);

describe.skipIf(executablePath === undefined)('the page in a real Chromium', () => {
  const stage = new MonitorStage();

  const rows = (page: Page) => page.locator('row-list [role=option] bdi');
  const choose = async (page: Page, name: string) =>
    await page.locator('row-list [role=option]', { hasText: name }).click();
  const isLive = async (page: Page) => await page.locator('.state', { hasText: /^live$/ }).waitFor();
  /** A stream is shown as text and as marbles: both are read. */
  const isReadTwice = async (streamId: string) => {
    const reading = () => stage.server.gateway.connections().flatMap((one) => one.reading);
    await expect.poll(() => reading().filter((one) => one.streamId === streamId).length).toBe(2);
  };

  it('lists what there is, and shows tokens while they are produced', async () => {
    await stage.publish('books/one', 'Call me ');
    const page = await stage.open();
    await choose(page, 'books/one');
    await expect.poll(() => shownText(page)).toBe('Call me ');
    await stage.publish('books/one', 'Ishmael.');
    await expect.poll(() => shownText(page)).toBe('Call me Ishmael.');
    await stage.server.streams.close('books/one');
    await page.locator('.badge', { hasText: 'completed' }).waitFor();
    expect(await shownText(page)).toBe('Call me Ishmael.');
  });

  it('loses and doubles nothing when it is loaded again in the midst', async () => {
    const writing = (async () => {
      for (const word of words) {
        await stage.publish('s', word);
        await sleep(2);
      }
    })();
    const page = await stage.open('/#/streams/s');
    for (const part of [80, 200, 320]) {
      await expect.poll(() => shownText(page)).toContain(`word ${part} `);
      await page.reload();
    }
    await writing;
    await expect.poll(() => shownText(page)).toBe(words.join(''));
  });

  it('shows the same in two tabs', async () => {
    await stage.publish('s', ...words.slice(0, 100));
    const one = await stage.open('/#/streams/s');
    const two = await stage.open('/#/streams/s', { beside: one });
    await stage.publish('s', ...words.slice(100));
    for (const page of [one, two]) await expect.poll(() => shownText(page)).toBe(words.join(''));
  });

  it('says that the network is away, and goes on where it was', async () => {
    stage.expected = /ERR_INTERNET_DISCONNECTED|WebSocket/;
    await stage.publish('s', ...words.slice(0, 100));
    const page = await stage.open('/#/streams/s');
    await expect.poll(() => shownText(page)).toBe(words.slice(0, 100).join(''));
    await page.context().setOffline(true);
    await page.locator('.state', { hasText: 'connection lost' }).waitFor();
    await page.getByRole('alert').filter({ hasText: 'cannot be reached' }).waitFor();
    await stage.publish('s', ...words.slice(100));
    await page.context().setOffline(false);
    await isLive(page);
    await expect.poll(() => shownText(page)).toBe(words.join(''));
  });

  it('works with a thousand streams, of which only those in view are on the page', async () => {
    const name = (i: number) => `sessions/${String(i).padStart(4, '0')}`;
    for (let i = 0; i < 1000; i++) await stage.publish(name(i), `text ${i}`);
    const page = await stage.open();
    await page.locator('.tabs', { hasText: 'Streams 1,000' }).waitFor();
    expect(await rows(page).count()).toBeLessThan(60);
    await page.locator('row-list [role=listbox]').focus();
    await page.keyboard.press('End');
    const last = page.locator('row-list .current');
    expect(await last.getAttribute('aria-posinset')).toBe('1000');
    await page.keyboard.press('Enter');
    const chosen = await last.locator('bdi').textContent();
    await expect.poll(() => shownText(page)).toBe(`text ${Number(chosen!.slice(-4))}`);
    await page.getByLabel('Filter by name').fill('0707');
    await expect.poll(() => rows(page).allTextContents()).toEqual([name(707)]);
  });

  /** Streams and runs in every state there is. */
  const prepare = async () => {
    const { runs, streams } = stage.server;
    for (const one of [approval, sunk, quick]) {
      runs.start(one as never, 'x' as never, { executionId: one.name }).result.catch(() => {});
    }
    await stage.publish('books/one', 'Call me Ishmael.\n', { rpm: 7 });
    await streams.create('empty');
    for (const status of ['completed', 'failed', 'cancelled'] as const) {
      await stage.publish(status, { some: 'data' });
      await streams.close(status, status, 'so it is');
    }
  };
  const places = [
    ['/', 'trouble-list section'],
    ['/#/streams/books%2Fone', 'stream-panel td'],
    ['/#/streams/empty', 'stream-panel td'],
    ['/#/streams/completed', 'stream-panel .badge.completed'],
    ['/#/streams/failed', 'stream-panel .badge.failed'],
    ['/#/streams/cancelled', 'stream-panel .badge.cancelled'],
    ['/#/streams/not-there', 'stream-panel .soft'],
    ['/#/runs/approval', 'sluice-run form'],
    ['/#/runs/sunk', 'sluice-run .error'],
    ['/#/runs/quick', 'sluice-run .replay'],
    ['/#/runs/not-there', 'sluice-run .badge.unknown'],
  ] as const;

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
    ['dark', 360],
  ] as const)(
    'has nothing that axe objects to on any page, %s and %i wide, nor anything beyond its edge',
    async (...how) => {
      const [colorScheme, width] = how;
      await prepare();
      const page = await stage.open('/', { colorScheme, viewport: { width, height: 800 } });
      const found: string[] = [];
      for (const [path, there] of places) {
        await page.goto(stage.server.url + path);
        // What was there before may have looked alike.
        const name = decodeURIComponent(path.slice(path.lastIndexOf('/') + 1)) || 'Overview';
        await page.getByRole('heading', { name, exact: true }).waitFor();
        await page.locator(there).first().waitFor();
        if (path.endsWith('one')) {
          await isReadTwice(name);
          await stage.publish('books/one', 'And so on.');
          await page.locator('sluice-marbles svg').waitFor();
        }
        found.push(...(await objectionsTo(page)).map((objection) => `${path}: ${objection}`));
        const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (beyond > 0) found.push(`${path}: ${beyond} pixels beyond the edge`);
      }
      expect(found).toEqual([]);
    },
  );

  it('is used by keyboard alone: from the list to a run, and to its answer', async () => {
    stage.server.runs.start(approval as never, 'x' as never, { executionId: 'approval' }).result.catch(() => {});
    const page = await stage.open();
    await page.getByRole('link', { name: 'approval' }).waitFor();
    const tabTo = async (name: RegExp) => {
      const focused = () =>
        page.evaluate(() => {
          let found = document.activeElement;
          while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
          return [found?.getAttribute('aria-label'), found?.textContent.trim(), found?.id].map(String);
        });
      const isThere = async () => (await focused()).some((one) => name.test(one));
      for (let i = 0; i < 30 && !(await isThere()); i++) await page.keyboard.press('Tab');
      expect(await isThere(), String(name)).toBe(true);
    };
    await tabTo(/^Runs\s+1$/);
    await page.keyboard.press('Enter');
    await tabTo(/^Runs$/);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByLabel('It waits for').waitFor();
    await tabTo(/^answer-ask$/);
    await page.keyboard.type('so be it');
    await page.keyboard.press('Enter');
    await page.locator('sluice-run .badge', { hasText: 'completed' }).waitFor();
    await tabTo(/^time$/);
    await page.keyboard.press('Home');
    // It may have begun to wait in the millisecond in which it began.
    await page.locator('sluice-run .badge', { hasText: /^(running|waiting)$/ }).waitFor();
  });

  it.each(['light', 'dark'] as const)(
    'has nothing that axe objects to while it asks for a token, is of another version, or has lost its server, %s',
    async (colorScheme) => {
      stage.expected = /401|ERR_/;
      const page = await stage.open('/', { colorScheme });
      await isLive(page);
      const turn = async (answer: object | undefined, status = 200) => {
        await page.unrouteAll();
        await page.route('**/monitor/state?*', async (route) => {
          if (answer === undefined) await route.abort();
          else await route.fulfill({ status, json: answer });
        });
      };
      await turn({ format: 99, version: '99.0.0' });
      await page.getByRole('alert').filter({ hasText: '99.0.0' }).waitFor();
      expect(await objectionsTo(page)).toEqual([]);
      await turn(undefined);
      await page.locator('.state', { hasText: 'connection lost' }).waitFor();
      expect(await objectionsTo(page)).toEqual([]);
      await turn({ message: 'Who are you?' }, 401);
      await page.getByLabel('Token').waitFor();
      expect(await objectionsTo(page)).toEqual([]);
    },
  );

  it('can be scrolled to its end where it is shown twice as large', async () => {
    for (let i = 0; i < 20; i++) await stage.publish(`s/${i}`, 'x');
    const page = await stage.open('/', { viewport: { width: 640, height: 430 }, deviceScaleFactor: 2 });
    // All of it is there: nothing comes any more that makes it longer.
    await page.getByText('Nothing waits').waitFor();
    await page.getByRole('img', { name: /Memory of the server .*heap \d+ MiB/ }).waitFor();
    await page.keyboard.press('End');
    await expect
      .poll(() =>
        page
          .locator('time-plot canvas')
          .last()
          .evaluate((found) => found.getBoundingClientRect().bottom),
      )
      .toBeLessThan(430);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await expect.poll(() => rows(page).count()).toBeGreaterThan(2);
  });

  it('turns dark and light, and remembers it', async () => {
    const page = await stage.open('/', { colorScheme: 'light' });
    const paper = () => page.locator('sluice-monitor').evaluate((element) => getComputedStyle(element).backgroundColor);
    await page.getByLabel('Theme').waitFor();
    const light = await paper();
    await page.getByLabel('Theme').selectOption('dark');
    await expect.poll(paper).not.toBe(light);
    const dark = await paper();
    await page.reload();
    await expect.poll(paper).toBe(dark);
    await page.getByLabel('Theme').selectOption('auto');
    await expect.poll(paper).toBe(light);
  });

  it('tells when the server is of another version', async () => {
    const page = await stage.open();
    await isLive(page);
    const answer = (await (await fetch(`${stage.server.url}/monitor/state`)).json()) as object;
    await page.route('**/monitor/state?*', (route) => route.fulfill({ json: { ...answer, version: '99.0.0' } }));
    await page.getByRole('alert').filter({ hasText: '99.0.0' }).waitFor();
    const loaded = page.waitForEvent('load');
    await page.getByRole('button', { name: 'Load it anew' }).click();
    await loaded;
    await page.unroute('**/monitor/state?*');
    await isLive(page);
    await expect.poll(() => page.getByRole('alert').count()).toBe(0);
  });

  it('asks for a token when it is refused, and bears it from then on', async () => {
    stage.expected = /401|404/;
    const borne: (string | undefined)[] = [];
    await stage.publish('s', 'x');
    const page = await stage.open('/streams');
    await page.route('**/monitor/state?*', async (route) => {
      const { authorization } = route.request().headers();
      borne.push(authorization);
      if (authorization === 'Bearer secret') await route.continue();
      else await route.fulfill({ status: 401, json: { code: 'unauthenticated', message: 'Who are you?' } });
    });
    await page.goto(stage.server.url);
    await page.getByRole('alert').filter({ hasText: 'Who are you?' }).waitFor();
    await page.getByLabel('Token').fill('secret');
    await page.getByRole('button', { name: 'Go on' }).click();
    await isLive(page);
    await page.reload();
    await isLive(page);
    expect(borne.at(-1)).toBe('Bearer secret');
  });
});
