// An actor that works on another process, over Redis: start a worker or several, then call it from anywhere. Kill the worker that is at
// work, and another begins anew.
// REDIS_URL=redis://127.0.0.1:6379 node examples/runs/remote-actor.ts work
// REDIS_URL=redis://127.0.0.1:6379 node examples/runs/remote-actor.ts call 'What is a sluice?'
import { openLog, openQueue } from 'sluice/node';
import { actor, remoteActor, serveActors } from 'sluice/run';
import { createStreams } from 'sluice/streams';

const [mode = 'call', question = 'What is a sluice?'] = process.argv.slice(2);
const url = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';
const queue = await openQueue(url, 'answers', { leaseMs: 2000 });
const streams = createStreams({ log: await openLog(url) });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const pauseMs = Number(process.env['PAUSE_MS'] ?? 50);

/** Answers word by word. */
const writer = actor('writer', {
  async *stream(asked: string, { signal }) {
    const words = `You ask "${asked}". A sluice lets through as much as the other side can take.`.split(' ');
    for (const [at, word] of words.entries()) {
      signal.throwIfAborted();
      yield { type: 'progress', current: at + 1, total: words.length };
      yield { type: 'data', value: at === 0 ? word : ` ${word}` };
      await pause(pauseMs);
    }
  },
});

if (mode === 'work') {
  const leaving = new AbortController();
  process.once('SIGTERM', () => leaving.abort()).once('SIGINT', () => leaving.abort());
  console.log('at work');
  await serveActors(queue, streams, [writer], { stop: leaving.signal }).forEach(({ id, status }) => {
    console.log(`${id}: ${status}`);
  });
} else {
  for await (const chunk of remoteActor<string, string, string>(queue, streams, 'writer').stream(question)) {
    // A worker has died and another begins anew: what was said before does not count.
    if (chunk.type === 'start' && (chunk.attempt ?? 1) > 1) process.stdout.write('\n(again) ');
    if (chunk.type === 'data') process.stdout.write(chunk.value);
    if (chunk.type === 'error') process.exitCode = 1;
  }
  process.stdout.write('\n');
}
await queue.dispose();
await streams.dispose();
