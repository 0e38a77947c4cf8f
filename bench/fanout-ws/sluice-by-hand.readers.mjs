import { SluiceSocket } from '../harness/sluice-socket.mjs';
import { madeAt } from '../harness/clock.mjs';
import { Tally } from '../harness/tally.mjs';

let tally;
export const count = () => tally.count();
export const record = (begin) => tally.record(begin);

export async function connect({ port, progressPort, readers, reportEvery }) {
  tally = new Tally(readers);
  await tally.report(progressPort, reportEvery);
  for (let reader = 0; reader < readers; reader++) {
    const socket = new SluiceSocket(port, (message) => tally.fail(`reader ${reader}: ${message}`));
    await socket.opened;
    await socket.read('bench', (chunk, seq) => tally.got(reader, seq, madeAt(chunk)));
  }
}
