import { once } from 'node:events';
import { WebSocket } from 'ws';
import { Tally } from '../harness/tally.mjs';
import { each } from './load.mjs';

let tally;
export const count = () => tally.count();
export const record = (begin) => tally.record(begin);

export async function connect(port, part) {
  tally = new Tally(part.length);
  const readers = new Map(part.map((stream, reader) => [stream, reader]));
  await each(part, async (stream) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/${stream}`, { perMessageDeflate: false });
    socket.on('message', (message) => {
      const { seq, at } = JSON.parse(message.toString());
      tally.got(readers.get(stream), seq, at);
    });
    await once(socket, 'open');
  });
}
