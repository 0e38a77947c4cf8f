import { once } from 'node:events';
import { WebSocket } from 'ws';
import { Tally } from '../harness/tally.mjs';
import { connections, streams } from './load.mjs';

const tally = new Tally(streams);
export const count = () => tally.count();
export const record = (begin) => tally.record(begin);

export async function connect(port) {
  for (let i = 0; i < connections; i++) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    socket.on('message', (message) => {
      const { stream, seq, at } = JSON.parse(message.toString());
      tally.got(stream, seq, at);
    });
    await once(socket, 'open');
  }
}
