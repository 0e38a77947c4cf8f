import { SluiceSocket } from '../harness/sluice-socket.mjs';
import { Tally } from '../harness/tally.mjs';

const tally = new Tally(1);
export const count = () => tally.count();

/** `credit`: what the stalled reader grants before it stops reading its socket. */
export async function connect({ port, progressPort, stalled, credit }) {
  await tally.report(progressPort, 64);
  await open(port, (_, seq) => tally.got(0, seq));
  if (stalled) (await open(port, () => {}, credit)).pause();
}

async function open(port, got, credit) {
  const socket = new SluiceSocket(port, (message) => tally.fail(message));
  await socket.opened;
  await socket.read('bench', got, credit);
  return socket;
}
