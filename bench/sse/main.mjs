// One stream to 1, 100, 1 000 readers of server-sent events.
import { columns, loads, measure } from '../fan-out/measure.mjs';
import { run } from '../harness/run.mjs';

const at = (file) => new URL(file, import.meta.url);

await run({
  title: 'SSE fan-out: one stream, chunks of 200 bytes, by the number of readers',
  loads: loads.filter(({ size }) => size !== 10),
  limit: 'http, one Buffer for all',
  peers: [
    { name: 'http, one Buffer for all', server: at('http.server.mjs'), readers: at('http.readers.mjs') },
    { name: 'sluice', server: at('../fan-out/sluice-text.server.mjs'), readers: at('sluice.readers.mjs') },
  ],
  columns,
  measure,
});
