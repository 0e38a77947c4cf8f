// `npm run soak [-- --minutes 10 --rate 500]`: a page of the monitor in a real Chromium, on a stream that goes on and on. Prints how soon
// a first token is seen, how long the page's tasks take, and what page and server hold as time goes by; exit code 1 when either
// grows. Figures beside other work say little about times, and enough about memory.
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { createChunk } from 'sluice/chunk';
import { createMemoryLog } from 'sluice/log/memory';
import { serve } from 'sluice/node';
import { startBrowser } from '../test/browser/chromium.js';
import { buildMonitor } from './monitor.mjs';
import { firstTokens } from './soak/first-tokens.js';
import { growthOf, type Held } from './soak/growth.js';
import { openPage } from './soak/page.js';
import { cpuTasks } from './soak/tasks.js';

const { values } = parseArgs({ options: { minutes: { type: 'string' }, rate: { type: 'string' } } });
const [minutes, rate] = [Number(values.minutes ?? 10), Number(values.rate ?? 500)];
const folder = mkdtempSync(join(tmpdir(), 'sluice-soak-'));
await buildMonitor(folder);
const server = await serve({
  port: 0,
  log: createMemoryLog({ maxChunks: 10_000 }),
  monitor: { assets: pathToFileURL(`${folder}/`) },
});
const browser = await startBrowser();

/** Publishes so many chunks a second until it is told to stop. */
async function write(streamId: string, perSecond: number, over: AbortSignal): Promise<void> {
  const begun = performance.now();
  for (let sent = 0; !over.aborted; await sleep(5)) {
    const due = Math.floor(((performance.now() - begun) / 1000) * perSecond);
    const chunks = Array.from({ length: Math.min(due - sent, 1000) }, (_, i) =>
      createChunk({ streamId, seq: 0, data: `the quick brown fox jumps over ${sent + i}\n` }),
    );
    if (chunks.length > 0) await server.streams.publish(streamId, chunks);
    sent += chunks.length;
  }
}

try {
  const load = (): string => `load ${loadavg()[0]!.toFixed(1)}`;
  const page = await openPage(browser, server.url);
  const [median, slowest] = await firstTokens(page, server, 20);
  process.stdout.write(
    `first token on the page: median ${median!.toFixed(1)} ms, slowest ${slowest!.toFixed(1)} ms (${load()})\n`,
  );

  const busy = new AbortController();
  await page.go('busy');
  const busyWriting = write('busy', 2000, busy.signal);
  const { over50, longest, share } = await cpuTasks(page, 15_000);
  busy.abort();
  await busyWriting;
  process.stdout.write(
    `2000 chunks/s: ${over50} tasks above 50 ms, the longest ${longest.toFixed(0)} ms, ${(share * 100).toFixed(0)} % of a core, counted in CPU time (${load()})\n`,
  );

  const over = new AbortController();
  await page.go('soak');
  const writing = write('soak', rate, over.signal);
  const held: Held[] = [];
  const until = performance.now() + minutes * 60_000;
  while (performance.now() < until) {
    await sleep(Math.min(15_000, (minutes * 60_000) / 12));
    global.gc?.();
    const now: Held = { ...(await page.held()), server: process.memoryUsage().heapUsed };
    held.push(now);
    process.stdout.write(
      `page ${(now.page / 2 ** 20).toFixed(1)} MiB, ${now.nodes} nodes; server ${(now.server / 2 ** 20).toFixed(1)} MiB (${load()})\n`,
    );
  }
  over.abort();
  await writing;
  const grown = growthOf(held);
  process.stdout.write(grown.length === 0 ? 'nothing grows\n' : `it grows: ${grown.join(', ')}\n`);
  process.exitCode = grown.length === 0 ? 0 : 1;
} finally {
  await browser.close();
  await server.close();
  rmSync(folder, { recursive: true });
}
