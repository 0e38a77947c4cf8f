import { openEvents, readEvents } from '../harness/event-source.mjs';
import { Tally } from '../harness/tally.mjs';

const tally = new Tally(1);
export const count = () => tally.count();

export async function connect({ port, progressPort, stalled }) {
  await tally.report(progressPort, 64);
  readEvents(await openEvents(port, '/'), ({ seq }) => tally.got(0, seq));
  if (stalled) (await openEvents(port, '/')).pause();
}
