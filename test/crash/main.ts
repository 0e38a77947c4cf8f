// `npm run crash -- --victim lmdb --kills 200 --seed S --minutes 20`: kills a log's process or server at random points, and after
// every kill compares what is kept with what was acknowledged. With `run` or `run-redis` it kills the process that runs pipelines, and
// looks at what readers were told in the end. With `gateways` or `gateways-nats` it kills, drains and parts gateways over one store,
// and compares what was read through them with what was written. Exit code 1 if anything is missing, doubled or out of order.
import { parseArgs } from 'node:util';
import { Random } from '../../src/testing/simulate/random.js';
import { startNats } from '../servers/nats.js';
import { startRedis } from '../servers/redis.js';
import type { TestServer } from '../servers/server.js';
import { crash, type CrashOptions, type CrashReport } from './crash.js';
import { harmGateways, mishaps } from './gateways.js';
import { createLmdbVictim } from './lmdb-victim.js';
import { createNatsVictim } from './nats-victim.js';
import { createRedisVictim } from './redis-victim.js';
import { crashRuns } from './run-crash.js';
import type { Victim } from './victim.js';

type Story = (options: CrashOptions) => Promise<CrashReport>;

const victims: Readonly<Record<string, () => Promise<Victim>>> = {
  lmdb: createLmdbVictim,
  nats: createNatsVictim,
  redis: createRedisVictim,
  run: createLmdbVictim,
  'run-redis': createRedisVictim,
};

/** Has a log's process or server killed, or that of runs. */
const killing =
  (name: string, make: () => Promise<Victim>): Story =>
  async (options) => {
    const victim = await make();
    try {
      if (!name.startsWith('run')) return await crash(victim, options);
      return await crashRuns({ ...options, url: victim.url, readersBeside: name === 'run-redis' });
    } finally {
      await victim.dispose();
    }
  };

/** Has gateways over a store killed, drained and parted from it. */
const harming =
  (start: () => Promise<TestServer>): Story =>
  async ({ kills, ...options }) => {
    const store = await start();
    const random = new Random(options.seed);
    try {
      const order = Array.from({ length: kills }, () => random.pick(mishaps));
      const { mishaps: happened, ...report } = await harmGateways(store, { ...options, mishaps: order });
      return { kills: happened, ...report };
    } finally {
      await store.dispose();
    }
  };

const stories: Readonly<Record<string, Story>> = {
  ...Object.fromEntries(Object.entries(victims).map(([name, make]) => [name, killing(name, make)])),
  gateways: harming(() => startRedis()),
  'gateways-nats': harming(startNats),
};

const { values } = parseArgs({
  options: {
    victim: { type: 'string', default: 'lmdb' },
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '0' },
    minutes: { type: 'string', default: '20' },
  },
});
const story = Object.hasOwn(stories, values.victim) ? stories[values.victim] : undefined;
if (story === undefined) throw new RangeError(`--victim must be one of ${Object.keys(stories).join(', ')}`);

const begun = performance.now();
const { kills, chunks, findings } = await story({
  kills: Number(values.kills),
  seed: Number(values.seed),
  maxMs: Number(values.minutes) * 60_000,
  tell: (line) => console.log(line),
});
for (const finding of findings) console.log(finding);
const seconds = ((performance.now() - begun) / 1000).toFixed(1);
console.log(`${values.victim}: ${kills} kills, ${chunks} chunks, ${findings.length} findings; ${seconds} s`);
process.exitCode = findings.length === 0 && kills === Number(values.kills) ? 0 : 1;
