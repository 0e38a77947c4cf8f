import { once } from 'node:events';
import { WebSocket } from 'ws';
import { Tally } from '../harness/tally.mjs';

const tally = new Tally(1);
export const count = () => tally.count();

export async function connect({ port, progressPort, stalled }) {
  await tally.report(progressPort, 64);
  const good = await open(port);
  good.on('message', (message) => tally.got(0, JSON.parse(message.toString()).seq));
  if (stalled) (await open(port)).pause();
}

async function open(port) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(socket, 'open');
  return socket;
}
