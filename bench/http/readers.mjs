import { openEvents } from '../harness/event-source.mjs';
import { Tally } from '../harness/tally.mjs';
import { readLines } from './line.mjs';

let tally;
export const count = () => tally.count();
export const record = (begin) => tally.record(begin);

/** Subscribers of the protocol's SSE, as simply as can be. */
export async function connect({ port, progressPort, readers, reportEvery }) {
  tally = new Tally(readers);
  await tally.report(progressPort, reportEvery);
  for (let reader = 0; reader < readers; reader++) {
    const response = await openEvents(port, '/v1/stream/bench?offset=-1&live=sse');
    readLines(response, (seq, at) => tally.got(reader, seq, at));
  }
}
