// What it costs to read the answer of a language model: events a second of CPU time, beside the providers' own clients on the
// same bytes; and one event of 1.3 MB and more, where a second per byte that grows with its length would show.
import { launch } from '../harness/child.mjs';
import { watchOthers } from '../harness/noise.mjs';
import { run } from '../harness/run.mjs';
import { median } from '../harness/statistics.mjs';

async function measure({ name: peer }, load) {
  const child = await launch(new URL('case.mjs', import.meta.url), { core: 1 });
  const others = watchOthers([child.pid]);
  try {
    const { speeds, length } = await child.call('speeds', { ...load, peer });
    return { speed: median(speeds), length, others: others() };
  } finally {
    await child.stop();
  }
}

const formats = ['openai-chat', 'openai-responses', 'anthropic', 'gemini', 'ollama'];
const peers = [{ name: 'client of the provider' }, { name: 'sluice' }];
const limit = 'client of the provider';
const length = { key: 'length', head: 'units read' };

await run({
  title: '10 000 events of an answer',
  loads: [
    ...formats.map((format) => ({ name: `${format} in 4 KiB`, format, pieceBytes: 4096 })),
    ...formats.map((format) => ({ name: `${format} by event`, format })),
  ],
  peers,
  limit,
  columns: [{ key: 'speed', head: 'events/s' }, length],
  measure,
});
await run({
  title: 'One event, in pieces of 1 KiB',
  loads: [1.3, 2.6].map((mb) => ({ name: `gemini ${mb} MB`, format: 'gemini', pictureBytes: mb * 1_000_000 })),
  peers,
  limit,
  columns: [{ key: 'speed', head: 'bytes/s' }, length],
  measure,
});
