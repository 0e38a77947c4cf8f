// `npm run crash -- --victim lmdb --kills 200 --seed S --minutes 20`: kills a log's process or server at random points, and after
// every kill compares what is kept with what was acknowledged. With `run` or `run-redis` it kills the process that runs pipelines, and
// looks at what readers were told in the end. Exit code 1 if anything is missing, doubled or out of order.
import { parseArgs } from 'node:util';
import { crash } from './crash.js';
import { createLmdbVictim } from './lmdb-victim.js';
import { createNatsVictim } from './nats-victim.js';
import { createRedisVictim } from './redis-victim.js';
import { crashRuns } from './run-crash.js';
import type { Victim } from './victim.js';

const victims: Readonly<Record<string, () => Promise<Victim>>> = {
  lmdb: createLmdbVictim,
  nats: createNatsVictim,
  redis: createRedisVictim,
  run: createLmdbVictim,
  'run-redis': createRedisVictim,
};

const { values } = parseArgs({
  options: {
    victim: { type: 'string', default: 'lmdb' },
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '0' },
    minutes: { type: 'string', default: '20' },
  },
});
const make = Object.hasOwn(victims, values.victim) ? victims[values.victim] : undefined;
if (make === undefined) throw new RangeError(`--victim must be one of ${Object.keys(victims).join(', ')}`);

const victim = await make();
const begun = performance.now();
try {
  const options = {
    kills: Number(values.kills),
    seed: Number(values.seed),
    maxMs: Number(values.minutes) * 60_000,
    tell: (line: string) => console.log(line),
  };
  const { kills, chunks, findings } = values.victim.startsWith('run')
    ? await crashRuns({ ...options, url: victim.url, readersBeside: values.victim === 'run-redis' })
    : await crash(victim, options);
  for (const finding of findings) console.log(finding);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`${values.victim}: ${kills} kills, ${chunks} chunks, ${findings.length} findings; ${seconds} s`);
  process.exitCode = findings.length === 0 && kills === Number(values.kills) ? 0 : 1;
} finally {
  await victim.dispose();
}
