import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type Server, serve, type ServeOptions } from 'sluice/node';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { bundle, startBrowser } from './chromium.js';

/** Options of {@link BrowserStage}: what the server is told as well, and what is on each of its pages. */
export interface BrowserStageOptions extends ServeOptions {
  readonly body?: string;
}

/**
 * A browser for a file of tests, and a server and tabs for each of them. The server answers `/NAME.js` with a script, and every
 * other path with a page that runs the script it names.
 */
export class BrowserStage {
  server!: Server;
  context!: BrowserContext;
  private browser!: Browser;
  private readonly scripts = new Map<string, string>();
  private readonly sockets = new Set<Socket>();
  private readonly body: string;

  /** @param entries - the scripts, by name */
  constructor(entries: Readonly<Record<string, URL>>, { body = '', ...options }: BrowserStageOptions = {}) {
    this.body = body;
    beforeAll(async () => {
      this.browser = await startBrowser();
      for (const [name, file] of Object.entries(entries)) {
        this.scripts.set(name, await bundle(fileURLToPath(file)));
      }
    });
    afterAll(async () => await this.browser.close());
    beforeEach(async () => {
      const fallback = (request: IncomingMessage, response: ServerResponse) => this.answer(request, response);
      this.server = await serve({ port: 0, fallback, ...options });
      this.sockets.clear();
      this.server.http.on('connection', (socket: Socket) => this.sockets.add(socket));
      this.context = await this.browser.newContext();
    });
    afterEach(async () => {
      await this.context.close();
      await this.server.close();
    });
  }

  private answer({ url }: IncomingMessage, response: ServerResponse): void {
    const [, name = ''] = /^\/(\w*)/.exec(url!)!;
    const script = this.scripts.get(name);
    if (url!.endsWith('.js')) response.setHeader('content-type', 'text/javascript').end(script);
    else
      response.end(`<body>${this.body}</body>${script === undefined ? '' : `<script type=module>${script}</script>`}`);
  }

  /** A tab that is empty. */
  async tab(): Promise<Page> {
    return await this.context.newPage();
  }

  /** A tab with a page of the server. */
  async open(path: string): Promise<Page> {
    const page = await this.tab();
    await page.goto(`${this.server.url}/${path}`);
    return page;
  }

  /** Breaks every connection. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}
