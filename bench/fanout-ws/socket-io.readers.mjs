import { io } from 'socket.io-client';
import { Tally } from '../harness/tally.mjs';

let tally;
export const count = () => tally.count();
export const record = (begin) => tally.record(begin);

export async function connect({ port, progressPort, readers, reportEvery }) {
  tally = new Tally(readers);
  await tally.report(progressPort, reportEvery);
  for (let reader = 0; reader < readers; reader++) {
    const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true });
    socket.on('chunk', ({ seq, at }) => tally.got(reader, seq, at));
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
  }
}
