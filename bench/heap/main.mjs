// Whether memory stays flat over ten million chunks.
import { build } from '../harness/build.mjs';
import { launch } from '../harness/child.mjs';
import { settings } from '../harness/settings.mjs';
import { markdown, short } from '../harness/table.mjs';

const total = 10_000_000;

if (settings().build) build();
const child = await launch(new URL('pipeline.mjs', import.meta.url), { core: 1, flags: ['--expose-gc'] });
const figures = await child.call('measureHeap', total);
await child.stop();
const rows = figures.map(({ in: given, out, heap }) => [short(given), short(out), heap.toFixed(2)]);
process.stdout.write(`\n${markdown([['chunks in', 'chunks out', 'heap after a collection, MiB'], ...rows])}\n`);
