import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import type { JsonValue } from 'sluice/chunk';
import { type Server, serve, type ServeOptions } from 'sluice/node';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { bundle } from '../browser/chromium.js';
import { Pages, publish } from '../browser/pages.js';

const components = fileURLToPath(new URL('../../src/components/index.ts', import.meta.url));

/** What a page may do: nothing of its own, and no style that is not in a sheet. */
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'";

/** A server and a page of a user's own, with a strict policy, in a real browser; what goes wrong on the page fails the test. */
export class ComponentStage {
  server!: Server;
  /** The page's files, by path; what is not there is the page itself. */
  readonly files = new Map<string, string>();
  private readonly pages = new Pages();
  private allowed = '';

  /** @param entry - the script of the page; by default it has the components and nothing else */
  constructor(
    entry: string = components,
    private readonly options: ServeOptions = {},
  ) {
    beforeAll(async () => {
      this.files.set('/page.js', await bundle(entry));
      await this.pages.start();
    });
    afterAll(async () => await this.pages.browser.close());
    beforeEach(async () => {
      this.allowed = '';
      await this.start();
    });
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
    const page = await this.pages.make();
    await page.goto(`${this.server.url}/page`);
    return page;
  }

  async publish(streamId: string, ...data: JsonValue[]): Promise<void> {
    await publish(this.server, streamId, data);
  }
}

/** What a property of an element says. */
export async function property<T>(page: Page, element: string, name: string): Promise<T> {
  return await page.locator(element).evaluate((found, key) => (found as unknown as Record<string, T>)[key]!, name);
}
