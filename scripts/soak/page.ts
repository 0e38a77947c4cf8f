import type { Browser, CDPSession, Page } from 'playwright-core';

/** What a page tells of what it holds. */
interface PageHeld {
  readonly page: number;
  readonly nodes: number;
}

/** A page of the monitor that is measured. */
export class SoakPage {
  constructor(
    readonly page: Page,
    readonly session: CDPSession,
    private readonly url: string,
  ) {}

  /** Goes to a stream, and waits until it is read. */
  async go(streamId: string): Promise<void> {
    await this.page.goto(`${this.url}/#/streams/${encodeURIComponent(streamId)}`);
  }

  /** What the page holds, without its garbage. */
  async held(): Promise<PageHeld> {
    await this.session.send('HeapProfiler.collectGarbage');
    const { metrics } = await this.session.send('Performance.getMetrics');
    const of = (name: string): number => metrics.find((metric) => metric.name === name)!.value;
    return { page: of('JSHeapUsedSize'), nodes: of('Nodes') };
  }
}

/** Opens the page of a server. */
export async function openPage(browser: Browser, url: string): Promise<SoakPage> {
  const page = await browser.newPage();
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  await session.send('HeapProfiler.enable');
  return new SoakPage(page, session, url);
}
