import { describe, expect, it } from 'vitest';
import { executablePath } from '../browser/chromium.js';
import { naughtyText } from '../naughty.js';
import { ComponentStage, property } from './stage.js';

describe.skipIf(executablePath === undefined)('<sluice-tokens> in a real Chromium', () => {
  const stage = new ComponentStage();
  const element = '<sluice-tokens stream="s"></sluice-tokens>';

  it('shows what there is and what comes, then how it ended', async () => {
    await stage.publish('s', 'Call me ', 'Ishmael. ');
    const page = await stage.open(element);
    await expect.poll(() => property(page, 'sluice-tokens', 'text')).toBe('Call me Ishmael. ');
    await stage.publish('s', { n: 1 });
    await stage.server.streams.close('s');
    await page.getByRole('status').filter({ hasText: 'completed' }).waitFor();
    expect(await property(page, 'sluice-tokens', 'text')).toBe('Call me Ishmael. {"n":1}\n');
    expect(await page.locator('sluice-tokens').getAttribute('state')).toBe('completed');
  });

  it('says what is wrong', async () => {
    await stage.publish('s', 'x');
    await stage.server.streams.close('s', 'failed', 'the well is <b>dry</b>');
    const page = await stage.open(element);
    await page.getByRole('status').filter({ hasText: 'the well is <b>dry</b>' }).waitFor();
    await page.locator('sluice-tokens').evaluate((found) => found.setAttribute('stream', 'bad//name'));
    await page.getByRole('status').filter({ hasText: 'empty segment' }).waitFor();
  });

  it('begins anew with another stream, and does nothing without one', async () => {
    await stage.publish('s', 'one');
    await stage.publish('other', 'two');
    const page = await stage.open(element);
    await expect.poll(() => property(page, 'sluice-tokens', 'text')).toBe('one');
    await page.locator('sluice-tokens').evaluate((found) => found.setAttribute('stream', 'other'));
    await expect.poll(() => property(page, 'sluice-tokens', 'text')).toBe('two');
    await page.locator('sluice-tokens').evaluate((found) => found.setAttribute('stream', ''));
    await page.getByRole('status').filter({ hasText: 'nothing chosen' }).waitFor();
    expect(await property(page, 'sluice-tokens', 'text')).toBe('');
  });

  it('lets go of the connection when it leaves the page, and reads again when it is back', async () => {
    await stage.publish('s', 'one');
    const page = await stage.open(element);
    await expect.poll(() => property(page, 'sluice-tokens', 'text')).toBe('one');
    await page.evaluate(() => {
      const found = document.querySelector('sluice-tokens')!;
      Object.assign(globalThis, { found });
      found.remove();
    });
    await expect.poll(() => stage.server.gateway.connections()).toEqual([]);
    await page.evaluate(() => document.body.append((globalThis as unknown as { found: Element }).found));
    await stage.publish('s', ' two');
    await expect.poll(() => property(page, 'sluice-tokens', 'text')).toBe('one two');
  });

  it('shares one connection with its like', async () => {
    await stage.publish('s', 'one');
    const page = await stage.open(`${element}<sluice-tokens class="two" stream="t" bare></sluice-tokens>`);
    await stage.publish('t', 'two');
    await expect.poll(() => property(page, '.two', 'text')).toBe('two');
    expect(stage.server.gateway.connections()).toHaveLength(1);
  });

  it('outlives the server, and loses and doubles nothing', async () => {
    stage.expected = /WebSocket|ERR_CONNECTION_REFUSED/;
    const words = Array.from({ length: 60 }, (_, i) => `word ${i} `);
    await stage.publish('s', ...words.slice(0, 30));
    const page = await stage.open(element);
    await expect.poll(() => property(page, 'sluice-tokens', 'text')).toBe(words.slice(0, 30).join(''));
    const { port } = stage.server;
    await stage.server.close();
    await page.getByRole('status').filter({ hasText: 'coming back' }).waitFor();
    await stage.start({ port });
    await stage.publish('s', ...words);
    await expect.poll(() => property(page, 'sluice-tokens', 'text')).toBe(words.join(''));
  });

  it('shows whatever it is given as text, and nothing of it is run', async () => {
    await stage.publish('s', naughtyText, '\n', { naughtyText });
    const page = await stage.open(element);
    const whole = `${naughtyText}\n${JSON.stringify({ naughtyText })}\n`;
    await expect.poll(() => property(page, 'sluice-tokens', 'text')).toBe(whole);
    expect(await page.locator('img, sluice-tokens script').count()).toBe(0);
    expect(await page.title()).toBe('');
  });

  it('shows JSON and bytes in another font than prose, and says when there is nothing', async () => {
    await stage.server.streams.create('s');
    await stage.publish('json', { a: 1 });
    const page = await stage.open(element);
    const text = page.locator('sluice-tokens .text');
    const font = async () => await text.evaluate((found) => getComputedStyle(found).fontFamily);
    const said = async () => await text.evaluate((found) => getComputedStyle(found, '::before').content);
    await expect.poll(said).toBe('"Nothing yet."');
    const prose = await font();
    await stage.server.streams.close('s');
    await expect.poll(said).toBe('"It holds nothing."');
    await page.locator('sluice-tokens').evaluate((found) => found.setAttribute('stream', 'json'));
    await expect.poll(() => property(page, 'sluice-tokens', 'text')).toBe('{"a":1}\n');
    await expect.poll(font).not.toBe(prose);
    await expect.poll(said).toBe('none');
  });

  it('lays out a line of a megabyte in pieces, and keeps no more than it is told to', async () => {
    await stage.publish('s', 'x'.repeat(1_000_000));
    const page = await stage.open('<sluice-tokens stream="s" keep="500000"></sluice-tokens>');
    const sizes = () =>
      page
        .locator('sluice-tokens')
        .evaluate((found) =>
          Array.from(found.shadowRoot!.querySelectorAll('.text > div'), (block) => block.textContent.length),
        );
    await expect.poll(async () => (await sizes()).length).toBeGreaterThan(100);
    expect(Math.max(...(await sizes()))).toBeLessThanOrEqual(4000);
    await expect.poll(() => property<string>(page, 'sluice-tokens', 'text')).toHaveLength(500_000);
  });

  it('stays at the end for who is there, and where they are for all others', async () => {
    await stage.publish('s', 'line\n'.repeat(500));
    const page = await stage.open(element);
    const text = page.locator('sluice-tokens .text');
    /** How much of it is on the page: what is about to be moves nothing yet. */
    const length = async () => (await text.textContent())!.length;
    const place = () => text.evaluate((found) => Math.round(found.scrollHeight - found.clientHeight - found.scrollTop));
    await expect.poll(length).toBe(2500);
    await expect.poll(place).toBeLessThan(50);
    await stage.publish('s', 'more\n'.repeat(100));
    await expect.poll(length).toBe(3000);
    await expect.poll(place).toBeLessThan(50);
    await text.evaluate((found) => (found.scrollTop = 0));
    await stage.publish('s', 'even more\n');
    await expect.poll(length).toBe(3010);
    expect(await place()).toBeGreaterThan(1000);
  });
});
