// What it costs to get from a source to a loop: CPU time of an item, beside the loop alone and rxjs-for-await.
import { launch } from '../harness/child.mjs';
import { watchOthers } from '../harness/noise.mjs';
import { run } from '../harness/run.mjs';
import { median } from '../harness/statistics.mjs';

const columns = [{ key: 'ns', head: 'ns/item, median of samples' }];

async function measure({ name }) {
  const child = await launch(new URL('case.mjs', import.meta.url), { core: 1 });
  const others = watchOthers([child.pid]);
  try {
    return { ns: median(await child.call('nanoseconds', name)), others: others() };
  } finally {
    await child.stop();
  }
}

const named = (...names) => names.map((name) => ({ name }));

await run({
  title: 'Pull → Observable → loop, one item at a time',
  loads: [{ name: 'pull' }],
  limit: 'async generator, for await',
  peers: named(
    'async generator, for await',
    'fromPull → toAsyncIterable, with a flow',
    'fromPull → toBatches, with a flow',
  ),
  columns,
  measure,
});
await run({
  title: 'Observable → loop, 100 000 items waiting',
  loads: [{ name: 'backlog' }],
  limit: 'backlog: eachValueFrom',
  peers: named(
    'backlog: eachValueFrom',
    'backlog: bufferedValuesFrom',
    'backlog: toAsyncIterable',
    'backlog: toBatches',
  ),
  columns,
  measure,
});
