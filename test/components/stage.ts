import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { createChunk, type JsonValue } from 'sluice/chunk';
import { type Server, serve, type ServeOptions } from 'sluice/node';
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import { bundle, startBrowser } from '../browser/chromium.js';
import { isProblem } from '../browser/is-problem.js';

const components = fileURLToPath(new URL('../../src/components/index.ts', import.meta.url));

// A browser is slow to start on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** What a page may do: nothing of its own, and no style that is not in a sheet. */
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'";

/** A server and a page of a user's own, with a strict policy, in a real browser; what goes wrong on the page fails the test. */
export class ComponentStage {
  server!: Server;
  /** The page's files, by path; what is not there is the page itself. */
  readonly files = new Map<string, string>();
  private browser!: Browser;
  private pages: Page[] = [];
  private readonly problems: string[] = [];
  private allowed = '';
  /** Problems that a test brings about. */
  expected: RegExp | undefined;

  /** @param entry - the script of the page; by default it has the components and nothing else */
  constructor(
    entry: string = components,
    private readonly options: ServeOptions = {},
  ) {
    beforeAll(async () => {
      this.files.set('/page.js', await bundle(entry));
      this.browser = await startBrowser();
    });
    afterAll(async () => await this.browser.close());
    beforeEach(async () => {
      this.expected = undefined;
      this.allowed = '';
      this.problems.length = 0;
      await this.start();
    });
    afterEach(async () => {
      for (const page of this.pages.splice(0)) await page.close();
      await this.server.close();
      expect(this.problems.filter((problem) => this.expected?.test(problem) !== true)).toEqual([]);
    });
  }

  /** Starts the server; on the port of the one before it, where that is wanted. */
  async start(more: ServeOptions = {}): Promise<void> {
    this.server = await serve({
      port: 0,
      fallback: ({ url = '' }, response) => {
        const file = this.files.get(url.split('?', 1)[0]!);
        const type = url.endsWith('.js') ? 'text/javascript' : 'text/html';
        response.writeHead(file === undefined ? 404 : 200, {
          'content-type': `${type}; charset=utf-8`,
          'content-security-policy': policy + this.allowed,
        });
        response.end(file);
      },
      ...this.options,
      ...more,
    });
  }

  /** A second server, for pages of the first. */
  async serveOther(): Promise<Server> {
    return await serve({ port: 0, origins: [new URL(this.server.url).origin] });
  }

  /** Lets the page connect to another server. */
  allow(url: string): void {
    this.allowed = ` ${url.replace('http', 'ws')}`;
  }

  /** Opens a page with this body. */
  async open(body: string): Promise<Page> {
    this.files.set(
      '/page',
      `<!doctype html><html lang="en"><link rel="icon" href="data:,"><body>${body}<script type="module" src="/page.js"></script></body></html>`,
    );
    const page = await this.browser.newPage();
    this.pages.push(page);
    page.on('pageerror', (error) => this.problems.push(error.message));
    page.on('console', (message) => {
      if (isProblem(message)) this.problems.push(message.text());
    });
    await page.goto(`${this.server.url}/page`);
    return page;
  }

  async publish(streamId: string, ...data: JsonValue[]): Promise<void> {
    await this.server.streams.publish(
      streamId,
      data.map((one) => createChunk({ streamId: 's', seq: 0, data: one })),
    );
  }
}

/** What a property of an element says. */
export async function property<T>(page: Page, element: string, name: string): Promise<T> {
  return await page.locator(element).evaluate((found, key) => (found as unknown as Record<string, T>)[key]!, name);
}
