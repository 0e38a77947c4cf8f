import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { build } from './build.mjs';
import { pinned } from './child.mjs';
import { quiet } from './noise.mjs';
import { settings } from './settings.mjs';
import { median } from './statistics.mjs';
import { short, table } from './table.mjs';

/** More than this many cores used by others spoil a run: it is repeated. */
const tolerance = 0.2;
const attempts = 3;

/**
 * Runs a benchmark: every peer under every load once, then all again, each time in fresh processes, and prints the table.
 *
 * @param {{
 *   title: string,
 *   loads: { name: string }[],
 *   peers: { name: string, upTo?: number }[],
 *   limit: string,
 *   columns: { key: string, head: string, ratio?: boolean }[],
 *   measure: (peer: object, load: object) => Promise<Record<string, number>>,
 * }} benchmark `measure` answers figures, and in `others` how many cores others used meanwhile
 */
export async function run(benchmark) {
  const asked = settings();
  if (asked.build) build();
  const results = [];
  for (let repetition = 1; repetition <= asked.runs; repetition++) {
    for (const load of benchmark.loads.filter(({ name }) => asked.wantsLoad(name))) {
      for (const peer of benchmark.peers.filter(({ name }) => asked.wantsPeer(name))) {
        if (load.size > (peer.upTo ?? Infinity)) continue;
        const metrics = await quietly(() => benchmark.measure(peer, load));
        results.push({ peer: peer.name, load: load.name, run: repetition, metrics });
        progress(benchmark, results.at(-1));
      }
    }
  }
  if (asked.json !== undefined) writeFileSync(asked.json, JSON.stringify(results, null, 1));
  process.stdout.write(`\n${benchmark.title}\n\n${table(results, benchmark)}\n\n${conditions(results)}\n`);
}

async function quietly(measure) {
  let best;
  for (let attempt = 0; attempt < attempts; attempt++) {
    await quiet();
    const metrics = await measure();
    if (best === undefined || metrics.others < best.others) best = metrics;
    if (!(best.others > tolerance)) break;
  }
  return best;
}

function progress({ columns }, { peer, load, run: repetition, metrics }) {
  const figures = columns.map(({ key, head }) => `${head} ${short(metrics[key])}`).join(', ');
  process.stderr.write(`#${repetition} ${load}, ${peer}: ${figures} (others ${metrics.others.toFixed(2)} core)\n`);
}

/** Where, and beside how much other work, it was measured. */
export function conditions(results) {
  const others = results.map(({ metrics }) => metrics.others);
  const noisy = others.filter((used) => used > tolerance).length;
  return [
    `Node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'} × ${cpus().length}, ${pinned ? 'processes bound to cores' : 'processes not bound to cores'}.`,
    `Others used ${median(others).toFixed(2)} of a core at the median, ${Math.max(...others).toFixed(2)} at most; ` +
      `${noisy} of ${others.length} runs above ${tolerance}.`,
  ].join('\n');
}
