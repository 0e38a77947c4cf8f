import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { createChunk, type JsonValue } from 'sluice/chunk';
import { type Server, serve, type ServeOptions } from 'sluice/node';
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import { buildMonitor } from '../../scripts/monitor.mjs';
import { startBrowser } from '../browser/chromium.js';
import { isProblem } from '../browser/is-problem.js';

// A browser is slow to start on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** A server with its page, in a real browser; what goes wrong on the page fails the test. */
export class MonitorStage {
  browser!: Browser;
  server!: Server;
  assets!: URL;
  private pages: Page[] = [];
  private readonly problems: string[] = [];
  /** Problems that a test brings about. */
  expected: RegExp | undefined;

  /** Starts the browser once, and a server for each test. */
  constructor(private readonly options: ServeOptions = {}) {
    let folder: string;
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sluice-monitor-'));
      this.assets = pathToFileURL(`${folder}/`);
      await buildMonitor(folder);
      this.browser = await startBrowser();
    });
    afterAll(async () => {
      await this.browser.close();
      rmSync(folder, { recursive: true });
    });
    beforeEach(async () => {
      this.expected = undefined;
      this.problems.length = 0;
      this.server = await this.serve();
    });
    afterEach(async () => {
      for (const page of this.pages.splice(0)) await page.context().close();
      await this.server.close();
      expect(this.problems.filter((problem) => this.expected?.test(problem) !== true)).toEqual([]);
    });
  }

  async serve(more: ServeOptions = {}): Promise<Server> {
    return await serve({ port: 0, monitor: { assets: this.assets }, ...this.options, ...more });
  }

  /** Opens a page of the server; another tab of the same browser, where one is given. */
  async open(path = '/', options: BrowserContextOptions & { readonly beside?: Page } = {}): Promise<Page> {
    const { beside, ...more } = options;
    const context = beside?.context() ?? (await this.browser.newContext(more));
    const page = await context.newPage();
    this.pages.push(page);
    page.on('pageerror', (error) => this.problems.push(error.message));
    page.on('console', (message) => {
      if (isProblem(message)) this.problems.push(message.text());
    });
    await page.goto(this.server.url + path);
    return page;
  }

  async publish(streamId: string, ...data: JsonValue[]): Promise<void> {
    await this.server.streams.publish(
      streamId,
      data.map((one) => createChunk({ streamId: 's', seq: 0, data: one })),
    );
  }
}

/** The text that `<sluice-tokens>` shows. */
export async function shownText(page: Page): Promise<string> {
  return await page.locator('sluice-tokens').evaluate((element) => (element as unknown as { text: string }).text);
}
