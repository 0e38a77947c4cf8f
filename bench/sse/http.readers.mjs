import { openEvents, readEvents } from '../harness/event-source.mjs';
import { Tally } from '../harness/tally.mjs';

let tally;
export const count = () => tally.count();
export const record = (begin) => tally.record(begin);

export async function connect({ port, progressPort, readers, reportEvery }) {
  tally = new Tally(readers);
  await tally.report(progressPort, reportEvery);
  for (let reader = 0; reader < readers; reader++) {
    readEvents(await openEvents(port, '/'), ({ seq, at }) => tally.got(reader, seq, at));
  }
}
