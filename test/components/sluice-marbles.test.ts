import { setTimeout as sleep } from 'node:timers/promises';
import { createChunk } from 'sluice/chunk';
import { createMemoryLog } from 'sluice/log/memory';
import { readMarbles, writeMarbles } from 'sluice/marble';
import { dedupe, reorder } from 'sluice/operators';
import { marbles } from 'sluice/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { executablePath } from '../browser/chromium.js';
import { ComponentStage, property } from './stage.js';

/** What the operators of a page deliver of arrivals that it wrote down: a mishap seen there is a test here. */
function reordered(arrived: string, numbers: ReadonlyMap<string | undefined, number>, start: number): number[] {
  const chunks = Object.fromEntries(
    Array.from(numbers, ([letter, seq]) => [letter!, createChunk({ streamId: 's', seq, data: seq })]),
  );
  const delivered: number[] = [];
  marbles(({ cold }) => {
    cold(`${arrived}|`, chunks)
      .pipe(dedupe(), reorder({ start }))
      .subscribe((item) => void ('seq' in item && delivered.push(item.seq)));
  });
  return delivered;
}

describe.skipIf(executablePath === undefined)('<sluice-marbles> in a real Chromium', () => {
  const stage = new ComponentStage();
  const live = '<sluice-marbles stream="s"></sluice-marbles>';

  it('draws marble strings', async () => {
    const page = await stage.open('<sluice-marbles label="Two letters" operator="pace"></sluice-marbles>');
    await page
      .locator('sluice-marbles')
      .evaluate((found) => found.setAttribute('marbles', 'source  -a-b|\npace()  --a-b|'));
    await page.getByRole('img', { name: 'Two letters' }).waitFor();
    const texts = () => page.locator('sluice-marbles text').allTextContents();
    await expect.poll(texts).toEqual(['source', 'a', 'b', 'pace()', 'result', 'a', 'b']);
    await page.locator('sluice-marbles').evaluate((found) => found.setAttribute('marbles', 'nothing'));
    await page.getByText('"nothing" has no marbles').waitFor();
  });

  it('draws what arrives above what is delivered, live', async () => {
    await stage.publish('s', 'old');
    const page = await stage.open(live);
    await page.getByRole('status').filter({ hasText: 'live' }).waitFor();
    await expect.poll(() => stage.server.gateway.connections()[0]?.reading.length).toBe(1);
    for (const word of ['a', 'b', 'c']) await stage.publish('s', word);
    await stage.server.streams.close('s');
    await page.getByRole('status').filter({ hasText: 'completed' }).waitFor();
    const { lines } = readMarbles((await property<string>(page, 'sluice-marbles', 'marbleText')).split('\n'));
    const letters = lines.map(({ moments }) =>
      moments.flatMap(({ marbles }) => marbles.map(({ letter }) => letter)).join(''),
    );
    expect([lines.map(({ label }) => label), letters]).toEqual([
      ['arrived', 'delivered'],
      ['abc|', 'abc|'],
    ]);
    expect(await page.getByRole('img').getAttribute('aria-label')).toBe('Marble diagram of s');
  });

  it('shows on a rough link what was early, came twice and was repaired, and delivers in order all the same', async () => {
    await stage.server.streams.create('s');
    const page = await stage.open('<sluice-marbles stream="s" rough></sluice-marbles>');
    await expect.poll(() => stage.server.gateway.connections().some(({ reading }) => reading.length === 1)).toBe(true);
    // Marbles go by: there are more until one of each kind has been seen.
    const seen = new AbortController();
    onTestFinished(() => seen.abort());
    const writing = (async () => {
      for (let i = 0; i < 500 || !seen.signal.aborted; i++) {
        await stage.publish('s', `${i}`);
        await sleep(3);
      }
    })();
    for (const shape of ['.ring', '.strike', '.mended'])
      await page.locator(`sluice-marbles ${shape}`).first().waitFor({ state: 'attached' });
    seen.abort();
    await writing;
    const text = await property<string>(page, 'sluice-marbles', 'marbleText');
    const read = readMarbles(text.split('\n'), { maxLength: 1e6 });
    // What is exported is read as the same picture again: letter by letter, moment by moment.
    expect(writeMarbles(read).texts.join('\n')).toBe(text);
    const { lines, notes } = read;
    const numbers = new Map(notes.map(({ letter, text }) => [letter, Number(text)]));
    const delivered = lines[1]!.moments.flatMap(({ marbles }) => marbles.map(({ letter }) => numbers.get(letter)!));
    expect(delivered.length).toBeGreaterThan(10);
    expect(delivered).toEqual(delivered.toSorted((a, b) => a - b));
    // What was held when the recording begins is not in it.
    const arrived = new Set(
      lines[0]!.moments.flatMap(({ marbles: all }) => all.map(({ letter }) => numbers.get(letter))),
    );
    const start = 1 + delivered.findLast((seq) => !arrived.has(seq))!;
    const whole = delivered.filter((seq) => !(seq < start));
    expect(whole.length).toBeGreaterThan(10);
    // The page may still wait for one that was lost, and hold those behind it.
    const again = reordered(writeMarbles(read).lines['arrived']!, numbers, whole[0]!);
    expect(again.slice(0, whole.length)).toEqual(whole);
  });

  it('shows what will not come', async () => {
    await stage.server.close();
    await stage.start({ log: createMemoryLog({ maxChunks: 8 }) });
    await stage.publish('s', 'x');
    const page = await stage.open(live);
    await expect.poll(() => stage.server.gateway.connections()[0]?.reading.length).toBe(1);
    await stage.publish('s', ...Array.from({ length: 20 }, (_, i) => i));
    const text = () => property<string>(page, 'sluice-marbles', 'marbleText');
    await expect.poll(text).toContain('1–12 given up');
    await page.locator('sluice-marbles desc', { hasText: '1–12' }).first().waitFor({ state: 'attached' });
  });

  it('stands still while it is paused, and goes on', async () => {
    await stage.publish('s', 'x');
    const page = await stage.open(live);
    await page.getByRole('status').filter({ hasText: 'live' }).waitFor();
    await expect.poll(() => stage.server.gateway.connections()[0]?.reading.length).toBe(1);
    await stage.publish('s', 'one');
    await page.locator('sluice-marbles circle').first().waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('status').filter({ hasText: 'paused' }).waitFor();
    const count = await page.locator('sluice-marbles circle').count();
    await stage.publish('s', 'two', 'three');
    await sleep(300);
    expect(await page.locator('sluice-marbles circle').count()).toBe(count);
    const lines = () => property<string>(page, 'sluice-marbles', 'marbleText');
    const numbers = async () => readMarbles((await lines()).split('\n')).notes.map(({ text }) => text);
    expect(await numbers()).toEqual(['1']);
    await page.getByRole('button', { name: 'Go on' }).click();
    await expect.poll(() => page.locator('sluice-marbles circle').count()).toBeGreaterThan(count);
    await expect.poll(numbers).toEqual(['1', '2', '3']);
  });

  it('is saved as a picture that stands alone, and as marbles', async () => {
    await stage.publish('s', 'x');
    const page = await stage.open(live);
    await expect.poll(() => stage.server.gateway.connections()[0]?.reading.length).toBe(1);
    await stage.publish('s', 'one');
    await page.locator('sluice-marbles circle').first().waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as SVG' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('marbles.svg');
    expect(await property(page, 'sluice-marbles', 'svg')).toMatch(/^<svg xmlns=.*role="img"[^]*<style>[^]*<\/svg>$/);
    await page.getByRole('button', { name: 'Copy as marbles' }).click();
    await page
      .getByRole('status')
      .filter({ hasText: /Copied|Saved as marbles.txt/ })
      .waitFor();
  });
});
