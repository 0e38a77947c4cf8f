// What a connection costs where it is asked who comes, and where it is not: handshake, welcome, and a stream to read. One process serves
// at a port for each way to say who one is, and connections come to the ports in turn, some to each, again and again: whatever the
// process or the machine does meanwhile is in all of them. A token that is new is one whose signature was never looked at; what looking
// at it takes by itself is measured in the same process.
import { launch, preferred } from '../harness/child.mjs';
import { watchOthers } from '../harness/noise.mjs';
import { run } from '../harness/run.mjs';
import { median } from '../harness/statistics.mjs';
import { kinds } from './kinds.mjs';

const at = (file) => new URL(file, import.meta.url);
const rounds = 30;

let measured;

await run({
  title: 'WebSocket connections that read a stream each, by how they say who they are',
  loads: [{ name: '100', size: 100 }],
  limit: 'open',
  peers: kinds.map((name) => ({ name })),
  columns: [
    { key: 'cpu', head: 'server CPU µs/connection' },
    { key: 'more', head: 'µs more than open', ratio: false },
    { key: 'signature', head: 'signature alone, µs', ratio: false },
    { key: 'besides', head: 'times open, without the signature', ratio: false },
  ],
  // All are measured at once, and handed out one by one.
  measure: async ({ name }, { size }) => {
    if (measured?.has(name) !== true) measured = await measure(size);
    const row = measured.get(name);
    measured.delete(name);
    return row;
  },
});

async function measure(size) {
  const server = await launch(at('server.mjs'), { core: 0 });
  const clients = await launch(at('clients.mjs'), { core: 1 });
  try {
    const places = new Map();
    for (const kind of kinds) places.set(kind, await server.call('listen', kind, size * rounds));
    // The first connections are slow wherever they come to.
    for (const [kind, place] of [...places, ...places]) {
      await connect(server, clients, kind, { ...place, tokens: place.tokens.slice(0, 1) }, 300);
    }
    return await preferred([server, clients], async () => {
      const others = watchOthers([server.pid, clients.pid]);
      const costs = new Map(kinds.map((kind) => [kind, []]));
      for (let round = 0; round < rounds; round++) {
        // Nobody is always behind the same.
        for (const [kind, place] of round % 2 === 0 ? places : [...places].toReversed()) {
          const { tokens } = place;
          const some = tokens.length > 1 ? tokens.slice(round * size, (round + 1) * size) : tokens;
          costs.get(kind).push(await connect(server, clients, kind, { ...place, tokens: some }, size));
        }
      }
      const used = others();
      const signatures = await server.call('signatures');
      return new Map(kinds.map((kind) => [kind, figures(costs, kind, signatures[kind] ?? NaN, used)]));
    });
  } finally {
    await Promise.all([server.stop(), clients.stop()]);
  }
}

/** What one connection costs the server, of so many, in microseconds. */
async function connect(server, clients, kind, place, size) {
  const before = await server.call('usage');
  await clients.call('connect', place, kind, size);
  const after = await server.call('usage');
  await clients.call('leave');
  await server.call('settled');
  return (after.cpuUs - before.cpuUs) / size;
}

function figures(costs, kind, signature, others) {
  const open = costs.get('open');
  const by = (work) => median(costs.get(kind).map((cost, round) => work(cost, open[round])));
  const alone = Number.isNaN(signature) ? 0 : signature;
  return {
    cpu: by((cost) => cost),
    more: by((cost, limit) => cost - limit),
    signature,
    besides: by((cost, limit) => (cost - alone) / limit),
    others,
  };
}
