import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventsIn, readUntil } from '../../node/run-stage.js';
import { type Running, run } from '../../run.js';
import { redisPath, type RedisServer, startRedis } from '../../servers/redis.js';
import { until } from '../../servers/until.js';
import { main } from '../command-line.js';

interface Serving extends Running {
  readonly url: string;
}

/** Servers that end with the test, however it went. */
const all: Running[] = [];
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-drained-'));
  file = join(folder, 'steps');
});

afterEach(async () => {
  for (const { process } of all) process.kill('SIGKILL');
  await Promise.all(all.splice(0).map(async ({ ended }) => await ended));
  rmSync(folder, { recursive: true });
});

async function serving(log: string, ...flags: string[]): Promise<Serving> {
  const server = run(main, ['serve', '--port', '0', '--log', log, '--pipelines', 'test/cli/pipelines.ts', ...flags]);
  all.push(server);
  const [, url] = await server.says(/^listening on (\S+)\n$/);
  return { ...server, url: url! };
}

/** Starts a run, and waits until it has told of something. */
async function begin({ url }: Serving, pipeline: string, executionId: string, told: string): Promise<void> {
  const body = JSON.stringify({ pipeline, executionId, input: file });
  const headers = { 'content-type': 'application/json' };
  expect((await fetch(`${url}/v1/runs`, { method: 'POST', headers, body })).status).toBe(201);
  await readUntil(await fetch(`${url}/stream/pipeline/${executionId}`), told);
}

/** Asks a server to go, and waits until it takes nobody in any more. */
async function leave({ process, url }: Serving): Promise<void> {
  process.kill('SIGTERM');
  await until('it takes nobody in', async () => {
    try {
      return (await fetch(`${url}/readyz`)).status === 503;
    } catch {
      return true;
    }
  });
}

async function expectGone({ ended }: Serving): Promise<void> {
  expect(await ended).toMatchObject({ code: 0, stderr: '' });
}

/** Everything the run tells, to its end: numbered without a hole. */
async function told({ url }: Serving, executionId: string) {
  const events = eventsIn(await (await fetch(`${url}/stream/pipeline/${executionId}`)).text());
  expect(events.slice(0, -1).map(({ id }) => id)).toEqual(events.slice(0, -1).map((_, i) => i));
  return events.map(({ event, data }) => ({ type: event, ...(data as { step_id: string | null }) }));
}

type Told = Awaited<ReturnType<typeof told>>;

const briefly = (events: Told) => events.map(({ type, step_id: step }) => [type, step].filter(Boolean).join(' '));

const relayed = [
  ...['pipeline_start', 'step_start one', 'step_complete one', 'step_start two', 'step_complete two'],
  ...['pipeline_handover', 'pipeline_start'],
  ...['step_start three', 'step_complete three', 'step_start four', 'step_complete four', 'pipeline_complete', 'end'],
];

const cutShort = [
  ...['pipeline_start', 'step_start begin', 'step_complete begin', 'step_start work', 'step_output work'],
  ...['pipeline_handover', 'pipeline_start'],
  ...['step_retry work', 'step_start work', 'step_output work', 'step_complete work', 'pipeline_complete', 'end'],
];

/** Which process ran what. */
const ran = () => readFileSync(file, 'utf8').trim().split('\n');

describe('sluice serve, drained in the midst of runs', () => {
  it('finishes the step at work, and goes on with the others when it is started again on its folder', async () => {
    const log = `lmdb:${join(folder, 'log')}`;
    const first = await serving(log);
    await begin(first, 'relay', 'one', 'two');
    await leave(first);
    writeFileSync(`${file}.go`, '');
    await expectGone(first);
    const second = await serving(log);
    expect(briefly(await told(second, 'one'))).toEqual(relayed);
    const [before, after] = [first.process.pid, second.process.pid];
    expect(ran()).toEqual([`one ${before}`, `two ${before}`, `three ${after}`, `four ${after}`]);
  });

  it('breaks off a step that is not done in time, and begins it again', async () => {
    const log = `lmdb:${join(folder, 'log')}`;
    const first = await serving(log, '--drain-ms', '200');
    await begin(first, 'survive', 'one', 'step_output');
    first.process.kill('SIGTERM');
    await expectGone(first);
    const second = await serving(log);
    expect(briefly(await told(second, 'one'))).toEqual(cutShort);
  });
});

describe.skipIf(redisPath === undefined)('sluice serve on one Redis, drained in the midst of runs', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    await redis.dispose();
  });

  /** Serves runs whose leases last longer than any test may: what goes on all the same was handed over. */
  const sharing = async (...flags: string[]) => await serving(redis.url, '--runs-lease-ms', '1000000', ...flags);

  it('has another go on at once, and nothing is done twice', async () => {
    const [first, second] = await Promise.all([sharing(), sharing()]);
    await begin(first, 'relay', 'one', 'two');
    const reading = told(second, 'one');
    await leave(first);
    writeFileSync(`${file}.go`, '');
    await expectGone(first);
    const events = await reading;
    expect(briefly(events)).toEqual(relayed);
    const [before, after] = [first.process.pid, second.process.pid];
    expect(ran()).toEqual([`one ${before}`, `two ${before}`, `three ${after}`, `four ${after}`]);
  });

  it('has another begin a step again that is not done in time', async () => {
    const [first, second] = await Promise.all([sharing('--drain-ms', '200'), sharing()]);
    await begin(first, 'survive', 'two', 'step_output');
    const reading = told(second, 'two');
    first.process.kill('SIGTERM');
    await expectGone(first);
    const events = await reading;
    expect(briefly(events)).toEqual(cutShort);
  });

  it('leaves them to the server that comes next, when there is none', async () => {
    const first = await sharing();
    await begin(first, 'relay', 'three', 'two');
    await leave(first);
    writeFileSync(`${file}.go`, '');
    await expectGone(first);
    const events = await told(await sharing(), 'three');
    expect(briefly(events)).toEqual(relayed);
  });
});
