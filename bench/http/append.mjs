// 100 writers append 200 bytes over HTTP, each waiting for the answer before its next one.
import { launch } from '../harness/child.mjs';
import { watchOthers } from '../harness/noise.mjs';
import { run } from '../harness/run.mjs';

const at = (file) => new URL(file, import.meta.url);

await run({
  title: 'Appends over HTTP: 100 writers, 200 bytes, each answered before its next, by where they are kept',
  loads: [
    { name: 'memory', durable: false },
    { name: 'disk', durable: true },
  ],
  limit: 'node:http, keeping nothing',
  peers: [
    { name: 'node:http, keeping nothing', server: at('raw.appends.mjs') },
    { name: '@durable-streams/server', server: at('reference.appends.mjs') },
    { name: 'sluice', server: at('sluice.appends.mjs') },
  ],
  columns: [
    { key: 'perSecond', head: 'appends/s' },
    { key: 'cpu', head: 'server CPU µs/append' },
    { key: 'p50', head: 'p50 µs' },
    { key: 'p99', head: 'p99 µs' },
  ],
  async measure({ server: module }, { durable }) {
    const server = await launch(module, { core: 0 });
    const writers = await launch(at('writers.mjs'), { core: 1 });
    try {
      const port = await server.call('listen', durable);
      await writers.call('create', port);
      const others = watchOthers([server.pid, writers.pid]);
      const before = await server.call('usage');
      const figures = await writers.call('append');
      const after = await server.call('usage');
      return { ...figures, cpu: (after.cpuUs - before.cpuUs) / figures.all, others: others() };
    } finally {
      await server.call('finish');
      await Promise.all([server.stop(), writers.stop()]);
    }
  },
});
