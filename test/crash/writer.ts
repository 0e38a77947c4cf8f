// Writes to a log until it is killed, and says everything that was acknowledged or seen as soon as it knows. On its way out
// nothing is buffered: a pipe takes a line before `write` returns.
import { openLog } from '../../src/node/open-log.js';
import { briefLength, chunksOf, type Course, type Orders, type Said } from './workload.js';

const { url, courses, brief } = JSON.parse(process.argv[2]!) as Orders;
const say = (what: Said): void => void process.stdout.write(`${JSON.stringify(what)}\n`);

const log = await openLog(url);
for (const stream of new Set(courses.map((course) => course.stream))) {
  watch(stream);
  await log.create(stream);
  say({ said: 'created', stream });
}
await Promise.all([...courses.map(produce), liveBriefly()]);

function watch(stream: string): void {
  log.watch(stream, () => {
    void (async () => {
      const info = await log.info(stream);
      if (info !== undefined) say({ said: 'seen', stream, next: info.next });
    })();
  });
}

async function produce({ stream, id, from }: Course): Promise<void> {
  for (let next = from; ;) {
    const batch = chunksOf(id, next, 1 + (next % 4));
    const append = async (): Promise<unknown> => log.append(stream, batch, { producer: { id, epoch: 0, seq: next } });
    // Now and then as a producer does that has lost the answer.
    await Promise.all(next % 5 === 0 ? [append(), append()] : [append()]);
    next += batch.length;
    say({ said: 'kept', stream, id, next });
  }
}

async function liveBriefly(): Promise<void> {
  for (let n = 0; ; n++) {
    const stream = `${brief}-${n}`;
    await log.create(stream);
    say({ said: 'created', stream });
    await log.append(stream, chunksOf('brief', 0, briefLength), { close: { status: 'completed' } });
    say({ said: 'ended', stream });
    if (n % 2 === 0) continue;
    say({ said: 'removing', stream });
    await log.delete(stream);
    say({ said: 'removed', stream });
  }
}
