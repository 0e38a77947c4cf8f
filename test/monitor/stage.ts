import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BrowserContextOptions, Page } from 'playwright-core';
import type { JsonValue } from 'sluice/chunk';
import { type Server, serve, type ServeOptions } from 'sluice/node';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { buildMonitor } from '../../scripts/monitor.mjs';
import { Pages, publish } from '../browser/pages.js';

/** A server with its page, in a real browser; what goes wrong on the page fails the test. */
export class MonitorStage {
  server!: Server;
  assets!: URL;
  private readonly pages = new Pages();

  /** Starts the browser once, and a server for each test. */
  constructor(private readonly options: ServeOptions = {}) {
    let folder: string;
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sluice-monitor-'));
      this.assets = pathToFileURL(`${folder}/`);
      await buildMonitor(folder);
      await this.pages.start();
    });
    afterAll(async () => {
      await this.pages.browser.close();
      rmSync(folder, { recursive: true });
    });
    beforeEach(async () => void (this.server = await this.serve()));
    afterEach(async () => {
      await this.pages.close();
      await this.server.close();
      this.pages.check();
    });
  }

  /** Problems that a test brings about. */
  set expected(problems: RegExp) {
    this.pages.expected = problems;
  }

  async serve(more: ServeOptions = {}): Promise<Server> {
    return await serve({ port: 0, monitor: { assets: this.assets }, ...this.options, ...more });
  }

  /** Opens a page of the server; another tab of the same browser, where one is given. */
  async open(path = '/', options: BrowserContextOptions & { readonly beside?: Page } = {}): Promise<Page> {
    const page = await this.pages.make(options);
    await page.goto(this.server.url + path);
    return page;
  }

  async publish(streamId: string, ...data: JsonValue[]): Promise<void> {
    await publish(this.server, streamId, data);
  }
}

/** The text that `<sluice-tokens>` shows. */
export async function shownText(page: Page): Promise<string> {
  return await page.locator('sluice-tokens').evaluate((element) => (element as unknown as { text: string }).text);
}
