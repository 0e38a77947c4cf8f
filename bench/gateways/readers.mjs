import { madeAt } from '../harness/clock.mjs';
import { SluiceSocket } from '../harness/sluice-socket.mjs';
import { Tally } from '../harness/tally.mjs';
import { nameOf, streams } from './load.mjs';

let tally;
export const count = () => tally.count();
export const record = (begin) => tally.record(begin);

/** Readers of every stream, spread over the gateways. */
export async function connect(ports, readersPerStream) {
  tally = new Tally(streams * readersPerStream);
  for (let reader = 0; reader < streams * readersPerStream; reader++) {
    const socket = new SluiceSocket(ports[Math.floor(reader / streams) % ports.length], (message) =>
      tally.fail(message),
    );
    await socket.opened;
    await socket.read(nameOf(reader % streams), (chunk, seq) => tally.got(reader, seq, madeAt(chunk)));
  }
}
