import { once } from 'node:events';
import { WebSocket } from 'ws';
import { Tally } from '../harness/tally.mjs';

let tally;
export const count = () => tally.count();
export const record = (begin) => tally.record(begin);

export async function connect({ port, progressPort, readers, reportEvery }) {
  tally = new Tally(readers);
  await tally.report(progressPort, reportEvery);
  for (let reader = 0; reader < readers; reader++) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    socket.on('message', (message) => {
      const { seq, at } = JSON.parse(message.toString());
      tally.got(reader, seq, at);
    });
    await once(socket, 'open');
  }
}
