import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { executablePath } from '../browser/chromium.js';
import { type Running, run } from '../run.js';
import { MonitorStage, shownText } from './stage.js';

const words = Array.from({ length: 400 }, (_, i) => `word ${i} `).join('');

describe.skipIf(executablePath === undefined)('a server that is killed, in a real Chromium', () => {
  const stage = new MonitorStage();
  const children = new Set<Running>();
  let folder: string;

  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'sluice-mortal-'))));
  afterEach(async () => {
    await Promise.all([...children].map(kill));
    rmSync(folder, { recursive: true });
  });

  async function live(port: number) {
    const running = run('test/monitor/mortal-server.ts', [folder, String(port), stage.assets.href, '400']);
    children.add(running);
    const [line] = await running.says(/^\d+$/m);
    return { running, port: Number(line) };
  }

  async function kill(running: Running): Promise<void> {
    children.delete(running);
    running.process.kill('SIGKILL');
    await running.ended;
  }

  it('loses and doubles not a character on the page, and is seen to be away', async () => {
    stage.expected = /WebSocket|net::ERR_|Failed to fetch/;
    const first = await live(0);
    const page = await stage.open();
    await page.goto(`http://127.0.0.1:${first.port}/#/streams/s`);
    await expect.poll(() => shownText(page)).toContain('word 60 ');
    await kill(first.running);
    await page.locator('.state', { hasText: 'connection lost' }).waitFor();
    expect(words.startsWith(await shownText(page))).toBe(true);
    const second = await live(first.port);
    await page.locator('.state', { hasText: /^live$/ }).waitFor();
    await expect.poll(() => shownText(page), { timeout: 30_000 }).toContain('word 200 ');
    await kill(second.running);
    await live(first.port);
    await page.locator('.badge', { hasText: 'completed' }).waitFor();
    await expect.poll(() => shownText(page), { timeout: 30_000 }).toBe(words);
  }, 180_000);
});
