// One stream to 1, 10, 100, 1 000 WebSocket subscribers.
import { columns, loads, measure } from '../fan-out/measure.mjs';
import { run } from '../harness/run.mjs';

const at = (file) => new URL(file, import.meta.url);
const sluice = at('../fan-out/sluice-text.server.mjs');
const byHand = at('sluice-by-hand.readers.mjs');

await run({
  title: 'WebSocket fan-out: one stream, chunks of 200 bytes, by the number of subscribers',
  loads,
  limit: 'raw ws',
  peers: [
    { name: 'raw ws', server: at('raw-ws.server.mjs'), readers: at('raw-ws.readers.mjs') },
    { name: 'socket.io', server: at('socket-io.server.mjs'), readers: at('socket-io.readers.mjs') },
    { name: 'sluice', server: sluice, readers: byHand },
    { name: 'sluice, JSON chunks', server: at('../fan-out/sluice-json.server.mjs'), readers: byHand },
    { name: 'sluice + its client', server: sluice, readers: at('sluice-client.readers.mjs'), upTo: 100 },
  ],
  columns,
  measure,
});
