// npm run demo [-- FILE]: a book goes through links that lose, repeat and reorder, and arrives whole.
import { createHash } from 'node:crypto';
import { type Chunk, createChunk } from 'sluice/chunk';
import { serve } from 'sluice/node';
import { openBook, words } from '../start/book.js';
import { connect, cuttableSse, readFast, readSlowly, roughWebSocket } from './readers.js';
import { createScreen, rowOf } from './screen.js';
import { Tally } from './tally.js';

const book = openBook(process.argv[2]);
const source = createHash('sha256');
const chunks: Chunk[] = [];
for await (const data of words(book.text())) {
  source.update(data);
  chunks.push(createChunk({ streamId: book.streamId, seq: chunks.length, data }));
}
const digest = source.digest('hex');

await using server = await serve({ port: 0 });
await server.streams.create(book.streamId);
const { url } = server;
const random = seeded(Number(process.env['SEED'] ?? 1851));

const [published, fast, cut, slow] = ['producer', 'websocket', 'sse', 'slow'].map((name) => new Tally(name)) as Four;
const screen = createScreen(['producer', 'websocket', 'sse', 'slow'], chunks.length);
const progress = setInterval(show, 100);

const sse = cuttableSse(url);
const slowWindow = 512;
let ahead = 0;
const producer = connect(roughWebSocket(url, random));
const clients = [
  connect(roughWebSocket(url, random), fast),
  connect(sse, cut),
  connect(roughWebSocket(url, random), slow),
] as const;

screen.say('start', `${chunks.length} words, through links that lose 3 %, repeat 3 % and reorder 5 % of the messages`);
await Promise.all([
  publish(),
  readFast(clients[0], book.streamId, fast),
  readFast(clients[1], book.streamId, cut),
  readSlowly(clients[2], book.streamId, slow, slowWindow),
  cutInTheMiddle(),
]);

clearInterval(progress);
show();
for (const client of [producer, ...clients]) client.close();
const readers = [fast, cut, slow];
const ok = readers.every((reader) => reader.sha256 === digest && reader.lost === 0 && reader.chunks === chunks.length);
screen.result(
  readers.map(rowOf),
  ok,
  `the slow reader was never sent more than ${ahead} chunks ahead; its window is ${slowWindow}`,
);
process.exitCode = ok ? 0 : 1;

/** Sends the book in batches, eight at a time: the producer is never far ahead of what the log keeps. */
async function publish(): Promise<void> {
  const batch = 128;
  const underWay: Promise<void>[] = [];
  for (let at = 0; at < chunks.length; at += batch) {
    const part = chunks.slice(at, at + batch);
    underWay.push(producer.publish(book.streamId, part).then(() => void (published.chunks += part.length)));
    if (underWay.length === 8) await underWay.shift();
  }
  await producer.publish(book.streamId, [], { close: { status: 'completed' } });
}

/** Cuts the SSE reader's connection when it has half of the book. */
async function cutInTheMiddle(): Promise<void> {
  while (cut.chunks < chunks.length / 2) await new Promise((resolve) => setTimeout(resolve, 5));
  screen.say('cut', `the SSE reader is cut off at chunk ${cut.chunks}`);
  cut.resumed++;
  sse.cut();
}

function show(): void {
  // The slow reader is the one that has been sent least.
  const sent = server.gateway.connections().flatMap(({ reading }) => reading.map(({ next }) => next));
  if (sent.length === 3) ahead = Math.max(ahead, Math.min(...sent) - slow.chunks);
  screen.progress({ producer: published.chunks, websocket: fast.chunks, sse: cut.chunks, slow: slow.chunks });
}

type Four = [Tally, Tally, Tally, Tally];

/** mulberry32: the same seed makes the same trouble. */
function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
