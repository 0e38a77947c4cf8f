// What a connection costs where it is asked who comes, and where it is not: handshake, welcome, and a stream to read. The server has
// a core for itself. A token that is new is one whose signature was never looked at; one that is known was accepted before.
import { launch, preferred } from '../harness/child.mjs';
import { watchOthers } from '../harness/noise.mjs';
import { run } from '../harness/run.mjs';

const at = (file) => new URL(file, import.meta.url);
const kinds = ['open', 'header not looked at', 'key', 'key in a frame', 'token known', 'token new'];

await run({
  title: 'WebSocket connections that read a stream each, by how they say who they are',
  loads: [{ name: '2000', size: 2000 }],
  limit: 'open',
  peers: kinds.map((name) => ({ name })),
  columns: [
    { key: 'cpu', head: 'server CPU µs/connection' },
    { key: 'rate', head: 'connections/s', ratio: false },
  ],
  measure,
});

async function measure({ name }, { size }) {
  const server = await launch(at('server.mjs'), { core: 0 });
  const clients = await launch(at('clients.mjs'), { core: 1 });
  try {
    const place = await server.call('listen', name, size);
    // The first connections are slow wherever they come to.
    await clients.call('connect', { ...place, tokens: place.tokens.slice(0, 1) }, name, 500);
    await clients.call('leave');
    return await preferred([server, clients], async () => {
      const others = watchOthers([server.pid, clients.pid]);
      const before = await server.call('usage');
      const tookMs = await clients.call('connect', place, name, size);
      const after = await server.call('usage');
      const used = others();
      return { cpu: (after.cpuUs - before.cpuUs) / size, rate: (size / tookMs) * 1000, others: used };
    });
  } finally {
    await Promise.all([server.stop(), clients.stop()]);
  }
}
