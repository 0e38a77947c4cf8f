import type { Page } from 'playwright-core';
import { createChunk } from 'sluice/chunk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { executablePath } from './chromium.js';
import { BrowserStage } from './stage.js';

describe.skipIf(executablePath === undefined)('in a real Chromium', () => {
  const stage = new BrowserStage({ reader: new URL('../../examples/02-browser-reader.ts', import.meta.url) });
  let page: Page;
  let problems: string[];
  beforeEach(async () => {
    page = await stage.tab();
    problems = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on(
      'console',
      (message) => message.text().includes('Content Security Policy') && problems.push(message.text()),
    );
  });
  afterEach(() => expect(problems).toEqual([]));

  const words = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => createChunk({ streamId: 's', seq: 0, data: `word ${from + n}\r\n` }));

  it('a plain EventSource resumes by Last-Event-ID after a cut, and stops at the end', async () => {
    await stage.server.streams.publish('s', words(0, 50));
    await page.goto(stage.server.url);
    await page.evaluate(() => {
      const got = { seqs: [] as number[], opened: 0, ended: '' };
      Object.assign(globalThis, { got });
      const source = new EventSource('/streams/s');
      Object.assign(globalThis, { source });
      source.onopen = () => got.opened++;
      source.onmessage = ({ lastEventId, data }) => {
        const { seq, data: text } = JSON.parse(data as string) as { seq: number; data: string };
        if (String(seq) !== lastEventId || text !== `word ${seq}\r\n`) throw new Error(`wrong event ${seq}`);
        got.seqs.push(seq);
      };
      source.addEventListener(
        'end',
        ({ data }) => (got.ended = (JSON.parse(data as string) as { status: string }).status),
      );
    });
    const seqs = async () => await page.evaluate(() => (globalThis as unknown as { got: { seqs: number[] } }).got.seqs);
    await expect.poll(seqs).toHaveLength(50);
    stage.cut();
    await stage.server.streams.publish('s', words(50, 100), { close: { status: 'completed' } });
    await expect.poll(seqs).toHaveLength(100);
    expect(await seqs()).toEqual(Array.from({ length: 100 }, (_, n) => n));
    // It comes once more behind the end, gets 204 and gives up.
    const state = async () =>
      await page.evaluate(() => (globalThis as unknown as { source: EventSource }).source.readyState);
    await expect.poll(state).toBe(2);
    const { opened, ended } = await page.evaluate(
      () => (globalThis as unknown as { got: { opened: number; ended: string } }).got,
    );
    expect({ opened, ended }).toEqual({ opened: 2, ended: 'completed' });
  });

  it('the client reads over the browser’s own WebSocket, is cut, and goes on', async () => {
    await stage.server.streams.publish('ticks', words(0, 100));
    await page.goto(`${stage.server.url}/reader`);
    await page.locator('body', { hasText: 'word 99' }).waitFor();
    const [first] = stage.server.gateway.connections();
    expect(first!.peer.transport).toBe('websocket');
    stage.cut();
    // The client is back within milliseconds: what lasts is that its first session is over.
    await expect
      .poll(() => stage.server.gateway.connections().map(({ session }) => session))
      .not.toContain(first!.session);
    await stage.server.streams.publish('ticks', words(100, 200), { close: { status: 'completed' } });
    await page.locator('body', { hasText: 'word 199' }).waitFor();
    const text = await page.locator('body').textContent();
    expect(text!.match(/word \d+/g)).toEqual(Array.from({ length: 200 }, (_, n) => `word ${n}`));
  });
});
