import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { createChunk, type JsonValue } from 'sluice/chunk';
import type { Server } from 'sluice/node';
import { expect } from 'vitest';
import { startBrowser } from './chromium.js';
import { isProblem } from './is-problem.js';

/** Pages in a real browser, of which everything that goes wrong is noted. */
export class Pages {
  browser!: Browser;
  private open: Page[] = [];
  private readonly problems: string[] = [];
  /** Problems that a test brings about. */
  expected: RegExp | undefined;

  async start(): Promise<void> {
    this.browser = await startBrowser();
  }

  /** A page of its own, or another tab of the browser where `beside` is. */
  async make({
    beside,
    ...options
  }: BrowserContextOptions & { readonly beside?: Page | undefined } = {}): Promise<Page> {
    const context = beside?.context() ?? (await this.browser.newContext(options));
    const page = await context.newPage();
    this.open.push(page);
    page.on('pageerror', (error) => this.problems.push(error.message));
    page.on('console', (message) => {
      if (isProblem(message)) this.problems.push(message.text());
    });
    return page;
  }

  /** Closes all pages. */
  async close(): Promise<void> {
    for (const page of this.open.splice(0)) await page.context().close();
  }

  /** Fails where something went wrong that was not expected; from here on nothing is. */
  check(): void {
    const { expected } = this;
    this.expected = undefined;
    expect(this.problems.splice(0).filter((problem) => expected?.test(problem) !== true)).toEqual([]);
  }
}

/** Publishes data, a chunk each. */
export async function publish(
  server: Pick<Server, 'streams'>,
  streamId: string,
  data: readonly JsonValue[],
): Promise<void> {
  await server.streams.publish(
    streamId,
    data.map((one) => createChunk({ streamId: 's', seq: 0, data: one })),
  );
}
