// A worker that serves the actor `teller` until it is killed, or told to stop by SIGTERM: `actor-worker.ts PORT QUEUE LEASE_MS`.
// What it says is its attempt and its number, so that whoever reads can tell who has said it.
import * as bullmq from 'bullmq';
import { Redis } from 'ioredis';
import { createRedisLog } from 'sluice/log/redis';
import { createBullmqQueue } from 'sluice/queue/bullmq';
import { actor, serveActors } from 'sluice/run';
import { createStreams } from 'sluice/streams';

const [port, name, lease] = process.argv.slice(2) as [string, string, string];
const connection = { host: '127.0.0.1', port: Number(port) };
const queue = createBullmqQueue(name, { bullmq, connection, leaseMs: Number(lease), pollMs: 20 });
const streams = createStreams({ log: createRedisLog(new Redis({ ...connection, lazyConnect: true })) });

const teller = actor('teller', {
  async *stream({ words, endless }: { words: number; endless: number }, { attempt, signal }) {
    // The first attempts do not end by themselves.
    for (let n = 0; n < words || attempt <= endless; n++) {
      signal.throwIfAborted();
      yield { type: 'data', value: `${process.pid}:${attempt}:${n}` };
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  },
});

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
process.stdout.write('ready\n');
serveActors(queue, streams, [teller], { stop: stop.signal, deadEveryMs: 500 }).subscribe({
  complete: () => {
    void Promise.all([queue.dispose(), streams.dispose()]).then(() => process.exit(0));
  },
});
