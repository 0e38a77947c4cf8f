// What it costs to have a pipeline tell what it does, beside the same steps by hand; what a run costs that
// waits, and how soon its events are seen.
import { build } from '../harness/build.mjs';
import { launch } from '../harness/child.mjs';
import { settings } from '../harness/settings.mjs';
import { median } from '../harness/statistics.mjs';
import { markdown } from '../harness/table.mjs';

const { build: wantsBuild, wantsLoad } = settings();
if (wantsBuild) build();
const measured = async (work) => {
  const child = await launch(new URL('case.mjs', import.meta.url), { core: 1, flags: ['--expose-gc'] });
  try {
    return await work(child);
  } finally {
    await child.stop();
  }
};

if (wantsLoad('steps')) {
  const figures = await measured((child) => child.call('microseconds'));
  const off = figures['streaming off'];
  const rows = Object.entries(figures).map(([name, samples]) => {
    const ratio = median(samples.map((sample, i) => sample / off[i]));
    return [name, median(samples).toFixed(1), `×${ratio.toFixed(4)}`];
  });
  const head = ['a pipeline of 50 steps of 1 ms', 'µs of CPU a step', 'to streaming off, median of ratios in turn'];
  process.stdout.write(`\n${markdown([head, ...rows])}\n`);
}

if (wantsLoad('many')) {
  const rows = [];
  for (const count of [1000, 10_000]) {
    const { heap, startMs, goOnMs } = await measured((child) => child.call('manyRuns', count));
    rows.push([`${count}`, (heap / 1024).toFixed(1), startMs.toFixed(3), goOnMs.toFixed(3)]);
  }
  const head = ['runs that wait at once', 'KiB each', 'ms each to begin', 'ms each to be answered and end'];
  process.stdout.write(`\n${markdown([head, ...rows])}\n`);
}

if (wantsLoad('latency')) {
  const figures = await measured((child) => child.call('latencies'));
  const rows = Object.entries(figures).map(([name, samples]) => {
    const sorted = samples.toSorted((a, b) => a - b);
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(2);
    return [name, `${samples.length}`, at(0.5), at(0.99), at(1)];
  });
  const head = ['ms from a step to who watches, 20 runs, 2 000 events/s', 'events', 'p50', 'p99', 'max'];
  process.stdout.write(`\n${markdown([head, ...rows])}\n`);
}
