import { setTimeout as sleep } from 'node:timers/promises';
import { launch } from '../harness/child.mjs';
import { ownSeconds, watchOthers } from '../harness/noise.mjs';
import { startRedis } from './redis-process.mjs';

const warmMs = 1500;
const measuredMs = 4000;

/** Lets producers append to a Redis of their own, and answers how fast, and what it took on both sides. */
export async function measureAppends(peer, load) {
  const redis = await startRedis();
  let producers;
  try {
    producers = await launch(peer.producers, { core: 1 });
    await producers.call('open', redis.port, peer.way);
    await producers.call('begin', load);
    await sleep(warmMs);
    const others = watchOthers([redis.pid, producers.pid]);
    const before = await look(producers, redis);
    await sleep(measuredMs);
    const after = await look(producers, redis);
    const used = others();
    await producers.call('end');
    const chunks = after.count - before.count;
    return {
      appends: chunks / ((after.wallUs - before.wallUs) / 1e6),
      cpu: (after.cpuUs - before.cpuUs) / chunks,
      server: (after.serverUs - before.serverUs) / chunks,
      others: used,
    };
  } finally {
    await producers?.stop();
    await redis.stop();
  }
}

async function look(producers, redis) {
  const [count, usage] = await Promise.all([producers.call('appended'), producers.call('usage')]);
  return { count, ...usage, serverUs: ownSeconds([redis.pid]) * 1e6 };
}
