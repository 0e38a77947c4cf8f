import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { lastValueFrom, retry, timer, toArray } from 'rxjs';
import { openLog } from '../../src/node/open-log.js';
import { createRuns, type RunEvent } from '../../src/run/index.js';
import { createStreams, type Streams } from '../../src/streams/index.js';
import { Random } from '../../src/testing/simulate/random.js';
import type { CrashOptions, CrashReport } from './crash.js';
import { judgeRun, type RunOrders, type StepSaid } from './run-story.js';
import { killed } from './victim.js';

/** Where runs are kept, and whether others can read there while a worker writes. */
export interface RunCrashOptions extends CrashOptions {
  readonly url: string;
  readonly readersBeside: boolean;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const runsPerSet = 3;

/**
 * Kills a process in the midst of runs or asks it to leave, has another take them up, and so on, until they have ended; and judges what
 * readers were told all the while, then begins with other runs.
 */
export async function crashRuns(options: RunCrashOptions): Promise<CrashReport> {
  const random = new Random(options.seed);
  const report = { kills: 0, chunks: 0, findings: [] as string[] };
  for (let set = 0; report.kills < options.kills && report.findings.length === 0; set++) {
    const ids = Array.from({ length: runsPerSet }, (_, i) => `set-${set}-${i}`);
    const readers = options.readersBeside ? readAll(options.url, ids) : undefined;
    const calls: StepSaid[] = [];
    let ended = false;
    while (!ended) {
      const isLast = report.kills >= options.kills;
      const how = random.pick(['SIGKILL', 'SIGTERM'] as const);
      ended = await work({ url: options.url, runs: ids }, calls, how, isLast ? undefined : random.int(1, 20));
      if (!ended) report.kills++;
    }
    const told = await (readers ?? readAll(options.url, ids));
    for (const [i, events] of told.entries()) report.findings.push(...judgeRun(ids[i]!, events));
    report.findings.push(...judgeCalls(calls));
    report.chunks += told.flat().length;
    options.tell?.(
      `${report.kills} kills, set ${set}: ${told.flat().length} events, ${report.findings.length} findings`,
    );
  }
  return report;
}

/** One life of a worker, which is ended after so many calls of steps. Answers whether all runs have ended. */
async function work(
  orders: RunOrders,
  calls: StepSaid[],
  how: 'SIGKILL' | 'SIGTERM',
  endAfter = Infinity,
): Promise<boolean> {
  const args = ['-C', 'sluice-source', '--import', 'tsx', 'test/crash/run-worker.ts', JSON.stringify(orders)];
  const worker = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  let ended = false;
  const lines = createInterface({ input: worker.stdout });
  const closed = new Promise((resolve) => lines.once('close', resolve));
  let heard = 0;
  const enough = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      const what = parsed(line);
      if (what?.said === 'end') ended = true;
      if (what?.step === undefined) return;
      calls.push(what as StepSaid);
      if (++heard === endAfter) resolve();
    });
  });
  await Promise.race([enough, closed]);
  if (heard >= endAfter && how === 'SIGKILL') await killed(worker);
  else if (heard >= endAfter) await left(worker);
  await closed;
  if (!ended && heard < endAfter) throw new Error(`a worker ended by itself: ${await exitOf(worker)}`);
  return ended;
}

/** Asks a worker to leave: it does, and well. */
async function left(worker: ChildProcess): Promise<void> {
  worker.kill('SIGTERM');
  const how = await exitOf(worker);
  if (how !== 'exit code 0') throw new Error(`a worker was asked to leave: ${how}`);
}

async function exitOf(worker: ChildProcess): Promise<string> {
  if (worker.exitCode === null) await new Promise((resolve) => worker.once('exit', resolve));
  return `exit code ${worker.exitCode}`;
}

/** The last line may be cut short by the kill. */
function parsed(line: string): (Partial<StepSaid> & { said?: string }) | undefined {
  try {
    return JSON.parse(line) as StepSaid;
  } catch {
    return undefined;
  }
}

async function follow(streams: Streams, id: string): Promise<RunEvent[]> {
  const events = createRuns({ streams }).events(id);
  // A run that is not there yet will be.
  return await lastValueFrom(events.pipe(retry({ delay: () => timer(20) }), toArray()));
}

/** Follows runs to their end, be it from before they begin, whoever writes them. */
async function readAll(url: string, ids: readonly string[]): Promise<RunEvent[][]> {
  const log = await openLog(url);
  try {
    const streams = createStreams({ log });
    return await Promise.all(ids.map((id) => follow(streams, id)));
  } finally {
    await log.dispose();
  }
}

/** No attempt of a step is made twice, by whatever process. */
function judgeCalls(calls: readonly StepSaid[]): string[] {
  const seen = new Set<string>();
  return calls.flatMap(({ run, step, attempt }) => {
    const call = `${run}: ${step} #${attempt}`;
    if (seen.has(call)) return [`${call} was called twice`];
    seen.add(call);
    return [];
  });
}
