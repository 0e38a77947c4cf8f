import { madeAt } from '../harness/clock.mjs';
import { SluiceSocket } from '../harness/sluice-socket.mjs';
import { Tally } from '../harness/tally.mjs';
import { each, nameOf } from './load.mjs';

let tally;
export const count = () => tally.count();
export const record = (begin) => tally.record(begin);

export async function connect(port, part) {
  tally = new Tally(part.length);
  const readers = new Map(part.map((stream, reader) => [stream, reader]));
  await each(part, async (stream) => {
    const socket = new SluiceSocket(port, (message) => tally.fail(message));
    await socket.opened;
    await socket.read(nameOf(stream), (chunk, seq) => tally.got(readers.get(stream), seq, madeAt(chunk)));
  });
}
