// One stream of the Durable Streams protocol to 1, 100, 1 000 readers over SSE.
import { columns, loads, measure } from '../fan-out/measure.mjs';
import { run } from '../harness/run.mjs';

const at = (file) => new URL(file, import.meta.url);
const readers = at('readers.mjs');

await run({
  title: 'Durable Streams over SSE: one stream, lines of about 220 bytes, by the number of readers',
  loads: loads.filter(({ size }) => size !== 10),
  limit: 'http, one Buffer for all',
  peers: [
    { name: 'http, one Buffer for all', server: at('http.server.mjs'), readers },
    { name: 'http, past the response', server: at('framed.server.mjs'), readers },
    { name: 'better-sse', server: at('better-sse.server.mjs'), readers },
    { name: '@durable-streams/server', server: at('reference.server.mjs'), readers },
    { name: 'sluice', server: at('sluice.server.mjs'), readers },
  ],
  columns,
  measure,
});
