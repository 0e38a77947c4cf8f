// `node scripts/sizes.mjs`: what a browser must load for what it does, bundled, minified and compressed, without peers. Fails
// where one is over its budget, or where the table in docs/browser.md says otherwise; `--write` writes that table. Budgets are
// what was reached and two per cent: who makes one lighter lowers it. Targets not reached yet stand beside.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = `${root}docs/browser.md`;
const [begin, end] = ['<!-- sizes -->\n', '<!-- /sizes -->'];

const readClient = "export { createReadClient } from 'sluice/client';";
const client = "export { createClient } from 'sluice/client';";
const webSocket = "export { createWebSocketTransport } from 'sluice/transport/websocket/client';";
const readWebSocket = "export { createWebSocketReadTransport } from 'sluice/transport/websocket/client';";
const events = "export { createSseTransport } from 'sluice/transport/sse/client';";
const tabs = "export { createTabsTransport } from 'sluice/client/tabs';";
const readHttp = "export { readHttp } from 'sluice/transport/http/client';";
const http = "export * from 'sluice/transport/http/client';";

/** What a page does, the code for it, its budget in bytes, and the target in KB where there is one. */
const bundles = [
  { does: 'read over WebSocket', code: readClient + readWebSocket, budget: 10_650, target: 8 },
  { does: 'read and write over WebSocket', code: client + webSocket, budget: 15_750 },
  { does: 'read over WebSocket, shared by all tabs', code: readClient + readWebSocket + tabs, budget: 13_200 },
  { does: 'read and write over server-sent events', code: client + events, budget: 17_900 },
  { does: 'read over HTTP (Durable Streams)', code: readHttp, budget: 6_100, target: 6 },
  { does: 'read and write over HTTP (Durable Streams)', code: http, budget: 10_150, target: 12 },
  { does: 'everything: all of the above', code: client + webSocket + events + http + tabs, budget: 28_650, target: 12 },
];

const { peerDependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

async function sizeOf(code) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['sluice-source'],
    external: Object.keys(peerDependencies),
    logLevel: 'error',
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

const kilobytes = (bytes) => (bytes / 1000).toFixed(1);

const sizes = await Promise.all(bundles.map(({ code }) => sizeOf(code)));
const rows = bundles.map(
  ({ does, target }, at) => `| ${does} | ${kilobytes(sizes[at])} KB | ${target === undefined ? '' : `${target} KB`} |`,
);
const table = `\n${['| a page that can | loads | target |', '| --- | --- | --- |', ...rows].join('\n')}\n\n`;

const text = readFileSync(page, 'utf8');
const [before, rest] = text.split(begin);
const [written, after] = rest.split(end);
const problems = bundles
  .map(({ does, budget }, at) => ({ does, budget, size: sizes[at] }))
  .filter(({ budget, size }) => size > budget)
  .map(({ does, budget, size }) => `to ${does} takes ${size} bytes, more than ${budget}`);

if (process.argv.includes('--write')) writeFileSync(page, before + begin + table + end + after);
else if (!says(written)) problems.push('docs/browser.md says otherwise: run node scripts/sizes.mjs --write');

for (const [at, { does, budget }] of bundles.entries())
  console.log(`${String(sizes[at]).padStart(6)} of ${budget}  ${does}`);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Whether a table has these rows. Versions of zlib differ by a few bytes, so a tenth of a kilobyte more or less is the same. */
function says(one) {
  const known = new Map(
    one
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .map(([, does, loads]) => [does, loads]),
  );
  return bundles.every(({ does }, at) => Math.abs(Number.parseFloat(known.get(does)) * 1000 - sizes[at]) <= 150);
}
