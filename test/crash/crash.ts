import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openLog } from '../../src/node/open-log.js';
import { Random } from '../../src/testing/simulate/random.js';
import { Acknowledged } from './acknowledged.js';
import type { Victim } from './victim.js';
import type { Course, Orders, Said } from './workload.js';

/** How often, and how. */
export interface CrashOptions {
  readonly kills: number;
  /** The same seed kills after the same waits; what is under way then differs all the same. */
  readonly seed: number;
  /** No more kills after this long. Default: as long as it takes. */
  readonly maxMs?: number;
  /** Told of every kill. */
  readonly tell?: (line: string) => void;
}

/** How it went. */
export interface CrashReport {
  readonly kills: number;
  /** Chunks that were acknowledged, over all kills. */
  readonly chunks: number;
  /** What was lost, doubled, out of order or made up. */
  readonly findings: readonly string[];
}

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Kills that one set of streams goes through; the whole of it is judged after each. */
const killsPerSet = 20;
const streams = 4;
const producers = 2;
/** How long a writer may take to begin and to get as far as it is to get: on a machine with much to do, that is long. */
const patienceMs = 60_000;

/**
 * Kills the victim again and again while a writer works, and after every kill compares what is there with what was
 * acknowledged. Ends with the first kill that something is wrong after.
 */
export async function crash(victim: Victim, options: CrashOptions): Promise<CrashReport> {
  const random = new Random(options.seed);
  const begun = performance.now();
  let chunks = 0;
  let acknowledged = new Acknowledged();
  for (let kill = 0; kill < options.kills && performance.now() - begun < (options.maxMs ?? Infinity); kill++) {
    if (kill % killsPerSet === 0) acknowledged = new Acknowledged();
    const set = `set-${Math.floor(kill / killsPerSet)}`;
    const before = acknowledged.count;
    await run(victim, acknowledged, random, {
      url: victim.url,
      courses: coursesOf(set, acknowledged, random),
      brief: `${set}/brief-${kill}`,
    });
    chunks += acknowledged.count - before;
    const findings = await judge(victim, acknowledged);
    options.tell?.(`kill ${kill + 1}: ${acknowledged.count - before} chunks acknowledged, ${findings.length} findings`);
    if (findings.length > 0) return { kills: kill + 1, chunks, findings };
    if (kill + 1 === options.kills) return { kills: kill + 1, chunks, findings: [] };
  }
  return { kills: 0, chunks, findings: ['there was no time for all kills'] };
}

/** Every producer goes on where the log has acknowledged, or a little before: it has forgotten some of the answers. */
function coursesOf(set: string, acknowledged: Acknowledged, random: Random): Course[] {
  return Array.from({ length: streams * producers }, (_, i) => {
    const [stream, id] = [`${set}/${i % streams}`, `p${i}`];
    return { stream, id, from: Math.max(0, acknowledged.next(stream, id) - random.int(0, 5)) };
  });
}

async function run(victim: Victim, acknowledged: Acknowledged, random: Random, orders: Orders): Promise<void> {
  const node = ['-C', 'sluice-source', '--import', 'tsx', 'test/crash/writer.ts', JSON.stringify(orders)];
  const writer = spawn(process.execPath, node, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: writer.stdout });
  const heard = new Promise((resolve) => lines.once('close', resolve));
  const enough = acknowledged.count + random.int(40, 400);
  const going = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      const what = parse(line);
      if (what !== undefined) acknowledged.hear(what);
      if (acknowledged.count >= enough) resolve();
    });
  });
  // One in five dies while it begins; the others when they have got somewhere, however long that takes here.
  if (random.chance(0.2)) await sleep(random.int(100, 600));
  else await Promise.race([going, late(writer)]).then(() => sleep(random.int(0, 20)));
  await victim.kill(writer);
  await heard;
}

async function late(writer: ChildProcess): Promise<never> {
  await sleep(patienceMs, undefined, { ref: false });
  writer.kill('SIGKILL');
  throw new Error(`the writer did not get anywhere within ${patienceMs} ms`);
}

/** The last line may be cut short by the kill: then nobody has heard it. */
function parse(line: string): Said | undefined {
  try {
    return JSON.parse(line) as Said;
  } catch {
    return undefined;
  }
}

async function judge(victim: Victim, acknowledged: Acknowledged): Promise<string[]> {
  await victim.revive();
  const log = await openLog(victim.url);
  try {
    return await acknowledged.judge(log);
  } finally {
    await log.dispose();
  }
}
