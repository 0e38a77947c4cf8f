import { madeAt } from '../harness/clock.mjs';
import { SluiceSocket } from '../harness/sluice-socket.mjs';
import { Tally } from '../harness/tally.mjs';
import { connectionOf, connections, nameOf, streams } from './load.mjs';

const window = 256;
const tally = new Tally(streams);
export const count = () => tally.count();
export const record = (begin) => tally.record(begin);

export async function connect(port) {
  const sockets = Array.from({ length: connections }, () => new SluiceSocket(port, (message) => tally.fail(message)));
  for (const socket of sockets) await socket.opened;
  const subscribed = [];
  for (let stream = 0; stream < streams; stream++) {
    const got = (chunk, seq) => tally.got(stream, seq, madeAt(chunk));
    // First grants of all sizes, or all streams would ask for more in the same moment.
    const first = window / 2 + (stream % (window / 2));
    subscribed.push(sockets[connectionOf(stream)].read(nameOf(stream), got, { window, first }));
  }
  await Promise.all(subscribed);
}
