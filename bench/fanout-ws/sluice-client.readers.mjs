// The project's own client, one for each reader.
import { WebSocket } from 'ws';
import { createClient } from '../dist/src/client/index.js';
import { createWebSocketTransport } from '../dist/src/transport/websocket/client.js';
import { madeAt } from '../harness/clock.mjs';
import { Tally } from '../harness/tally.mjs';

let tally;
export const count = () => tally.count();
export const record = (begin) => tally.record(begin);

export async function connect({ port, progressPort, readers, reportEvery }) {
  tally = new Tally(readers);
  await tally.report(progressPort, reportEvery);
  for (let reader = 0; reader < readers; reader++) await open(port, reader);
}

async function open(port, reader) {
  const client = createClient({ transport: createWebSocketTransport({ url: `ws://127.0.0.1:${port}`, WebSocket }) });
  client.receive('bench').subscribe({
    next: (chunk) => tally.got(reader, chunk.seq, madeAt(chunk)),
    error: (error) => tally.fail(`reader ${reader}: ${error.stack}`),
  });
  await new Promise((resolve) => {
    client.state.subscribe((state) => {
      if (state === 'open') resolve();
    });
  });
}
