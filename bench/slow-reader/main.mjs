// What a reader costs that stops reading its socket while 64 MB are published: the server's memory with it, less the
// server's memory without it. Both times a good reader gets everything.
import { setTimeout as sleep } from 'node:timers/promises';
import { launch } from '../harness/child.mjs';
import { watchOthers } from '../harness/noise.mjs';
import { run } from '../harness/run.mjs';
import { chunks } from './load.mjs';

const at = (file) => new URL(file, import.meta.url);
const mebibyte = 1 << 20;
const sluice = at('sluice.server.mjs');
const byHand = at('sluice-ws.readers.mjs');

await run({
  title: 'Memory, in MiB, that a reader adds to the server by not reading its socket while 64 MB are published',
  loads: [{ name: '64 MB' }],
  limit: 'none',
  peers: [
    { name: 'raw ws', server: at('raw-ws.server.mjs'), readers: at('raw-ws.readers.mjs') },
    { name: 'raw SSE', server: at('raw-sse.server.mjs'), readers: at('raw-sse.readers.mjs') },
    { name: 'sluice ws, credit of 256 chunks', server: sluice, readers: byHand, credit: { window: 256 } },
    { name: 'sluice ws, credit for everything', server: sluice, readers: byHand, credit: { window: 1_000_000 } },
    { name: 'sluice SSE', server: sluice, readers: at('sluice-sse.readers.mjs') },
  ],
  columns: [
    { key: 'rss', head: 'RSS' },
    { key: 'used', head: 'heap and external' },
    { key: 'rssWithout', head: 'RSS grown without it' },
    { key: 'rssWith', head: 'RSS grown with it' },
  ],
  measure,
});

async function measure(peer) {
  const without = await grown(peer, false);
  const withIt = await grown(peer, true);
  return {
    rss: withIt.rss - without.rss,
    used: withIt.used - without.used,
    rssWithout: without.rss,
    rssWith: withIt.rss,
    others: Math.max(without.others, withIt.others),
  };
}

/** How much a server's memory has grown when everything was published. */
async function grown({ server: serverModule, readers: readersModule, credit }, stalled) {
  const server = await launch(serverModule, { core: 0, flags: ['--expose-gc'] });
  let readers;
  try {
    readers = await launch(readersModule, { core: 1 });
    const { port, progressPort } = await server.call('listen');
    await readers.call('connect', { port, progressPort, stalled, credit });
    const before = await server.call('memory');
    const others = watchOthers([server.pid, readers.pid]);
    await server.call('publish');
    await everythingRead(readers);
    const after = await server.call('memory');
    return {
      rss: (after.rss - before.rss) / mebibyte,
      used: (after.heap + after.external - before.heap - before.external) / mebibyte,
      others: others(),
    };
  } finally {
    await Promise.all([server.stop(), readers?.stop()]);
  }
}

async function everythingRead(readers) {
  for (let patience = 600; patience > 0; patience--) {
    if ((await readers.call('count')) === chunks) return;
    await sleep(50);
  }
  throw new Error(`${chunks} chunks were made, ${await readers.call('count')} read`);
}
