// Answers of 30 tokens a second that outlive their readers, in one Redis: how much later a token comes to who has asked, and to
// who has joined in another process.
import { setTimeout as sleep } from 'node:timers/promises';
import { launch, preferred } from '../harness/child.mjs';
import { watchOthers } from '../harness/noise.mjs';
import { run } from '../harness/run.mjs';
import { startRedis } from './redis-process.mjs';

const at = (file) => new URL(file, import.meta.url);
const seconds = 8;
const joinAfterMs = 1000;

await run({
  title: '30 tokens a second that outlive their readers, in one Redis, by the number of answers at once',
  loads: [
    { name: '1', streams: 1 },
    { name: '100', streams: 100 },
  ],
  limit: 'resumable-stream',
  peers: [
    { name: 'resumable-stream', module: at('resumable-stream.tokens.mjs') },
    { name: 'assistant-stream', module: at('assistant-stream.tokens.mjs') },
    {
      name: 'assistant-stream, asking every 10 ms',
      module: at('assistant-stream.tokens.mjs'),
      options: { pollIntervalMs: 10 },
    },
    { name: 'sluice', module: at('sluice.tokens.mjs') },
  ],
  columns: [
    { key: 'first', head: 'first token ms', ratio: false },
    { key: 'p50', head: 'p50 ms', ratio: false },
    { key: 'p99', head: 'p99 ms', ratio: false },
    { key: 'joinedP50', head: 'joined: p50 ms', ratio: false },
    { key: 'joinedP99', head: 'joined: p99 ms', ratio: false },
    { key: 'cpu', head: 'producer CPU µs/token', ratio: false },
  ],
  measure,
});

async function measure({ module, options }, { streams }) {
  const redis = await startRedis();
  const processes = [];
  try {
    for (const core of [0, 1]) {
      const child = await launch(at('token-process.mjs'), { core });
      processes.push(child);
      await child.call('open', module.href, redis.port, options);
    }
    return await preferred([redis, ...processes], () => watch(redis, processes, streams));
  } finally {
    await Promise.all(processes.map((child) => child.stop()));
    await redis.stop();
  }
}

async function watch(redis, [producer, reader], streams) {
  await producer.call('produce', { prefix: 'warm', streams, seconds: 1 });
  await producer.call('clear');
  const others = watchOthers([redis.pid, producer.pid, reader.pid]);
  const before = await producer.call('usage');
  const produced = producer.call('produce', { prefix: 'answer', streams, seconds });
  await sleep(joinAfterMs);
  await reader.call('follow', { prefix: 'answer', streams });
  await produced;
  await sleep(500);
  const [asked, joined] = await Promise.all([producer.call('quantiles'), reader.call('quantiles')]);
  const after = await producer.call('usage');
  // Who joins after a second begins to count after another one.
  if (asked.count < streams * seconds * 30 || joined.count < streams * (seconds - 3) * 30) {
    throw new Error(`of ${streams * seconds * 30} tokens ${asked.count} came, and ${joined.count} to who joined`);
  }
  const cpu = (after.cpuUs - before.cpuUs) / asked.count;
  return {
    first: asked.first,
    p50: asked.p50,
    p99: asked.p99,
    joinedP50: joined.p50,
    joinedP99: joined.p99,
    cpu,
    others: others(),
  };
}
