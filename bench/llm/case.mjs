// One reader on one answer, in a process of its own: the CPU time of an event, many times over.
import { readBy } from './readers.mjs';
import { picture, stream } from './streams.mjs';

/** How often each is read, and how often before it counts; a client that takes the square of a length takes its time. */
const often = { samples: 21, warm: 20 };
const seldom = { samples: 3, warm: 1 };

/** Events a second of CPU time, in each of several samples; for a picture bytes a second. */
export async function speeds({ peer, format, pieceBytes, pictureBytes }) {
  const { events, pieces } = pictureBytes === undefined ? stream(format, pieceBytes) : picture(pictureBytes);
  const much = pictureBytes ?? events;
  const { samples, warm } = pictureBytes === undefined ? often : seldom;
  const taken = [];
  let length;
  for (let sample = 0; sample < warm + samples; sample++) {
    const before = process.cpuUsage();
    const read = await readBy(peer, format, pieces);
    const { user, system } = process.cpuUsage(before);
    if (read === 0 || (length !== undefined && read !== length)) throw new Error(`${peer} read ${read}, not ${length}`);
    length = read;
    if (sample >= warm) taken.push((much * 1e6) / (user + system));
  }
  return { speeds: taken, length };
}
