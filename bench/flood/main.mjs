// 10 000 connections of one principal who may have 100, as fast as they come, and what somebody else has of the server meanwhile. The
// server has a core for itself. `ulimit -n` must be above 10 100. What is not as it should be ends the benchmark.
import { setTimeout as sleep } from 'node:timers/promises';
import { launch, preferred } from '../harness/child.mjs';
import { watchOthers } from '../harness/noise.mjs';
import { run } from '../harness/run.mjs';
import { most } from './load.mjs';

const at = (file) => new URL(file, import.meta.url);
const quietMs = 4000;

await run({
  title: `connections of one principal who may have ${most}, beside somebody who reads 50 chunks a second and connects ten times a second`,
  loads: [{ name: '10000', size: 10_000 }],
  limit: 'nobody else',
  peers: [
    { name: 'nobody else' },
    { name: 'WebSockets', flood: 'sockets' },
    { name: 'sockets that hear nothing', flood: 'deaf' },
  ],
  columns: [
    { key: 'p50', head: 'other: p50 ms', ratio: false },
    { key: 'p99', head: 'other: p99 ms', ratio: false },
    { key: 'connectMs', head: 'other: ms to connect and read, p99', ratio: false },
    { key: 'held', head: 'held', ratio: false },
    { key: 'refused', head: 'refused by name', ratio: false },
    { key: 'cpu', head: 'server CPU µs/connection', ratio: false },
    { key: 'rate', head: 'connections/s', ratio: false },
    { key: 'left', head: 'sockets left after 6 s', ratio: false },
  ],
  measure,
});

async function measure({ flood }, { size }) {
  const server = await launch(at('server.mjs'), { core: 0 });
  const reader = await launch(at('reader.mjs'), { core: 1 });
  const flooder = await launch(at('flooder.mjs'), { core: 1 });
  try {
    const place = await server.call('listen');
    await reader.call('connect', place);
    await sleep(1000);
    const empty = await server.call('sockets');
    return await preferred([reader], async () => {
      const others = watchOthers([server.pid, reader.pid, flooder.pid]);
      await reader.call('record', true);
      const before = await server.call('usage');
      const came = flood === undefined ? undefined : await flooder.call('flood', place, size, flood);
      if (came === undefined) await sleep(quietMs);
      const after = await server.call('usage');
      const used = others();
      const other = await reader.call('record', false);
      await sleep(6000);
      const { refused, held } = await server.call('refused');
      if (came !== undefined) check(came, { refused, held }, size);
      return {
        ...other,
        held,
        refused,
        cpu: came === undefined ? NaN : (after.cpuUs - before.cpuUs) / size,
        rate: came === undefined ? NaN : (size / (after.wallUs - before.wallUs)) * 1e6,
        left: (await server.call('sockets')) - empty,
        others: used,
      };
    });
  } finally {
    await Promise.all([server.stop(), reader.stop(), flooder.stop()]);
  }
}

function check({ told }, { refused, held }, size) {
  if (held !== most) throw new Error(`${held} connections are held, not ${most}`);
  if (refused !== size - most) throw new Error(`${refused} were counted as refused, not ${size - most}`);
  if (told !== undefined && told !== size - most) throw new Error(`${told} were told why, not ${size - most}`);
}
