import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Running, run } from '../../run.js';
import { redisPath, type RedisServer, startRedis } from '../../servers/redis.js';
import { eventsIn, readUntil } from '../../node/run-stage.js';
import { main } from '../command-line.js';

interface Serving extends Running {
  readonly url: string;
}

/** Servers that end with the file, however a test went. */
const all: Running[] = [];
afterAll(async () => {
  for (const { process } of all) process.kill('SIGKILL');
  await Promise.all(all.map(async ({ ended }) => await ended));
});

async function serving(log: string, ...flags: string[]): Promise<Serving> {
  const server = run(main, ['serve', '--port', '0', '--log', log, '--pipelines', 'test/cli/pipelines.ts', ...flags]);
  all.push(server);
  const [, url] = await server.says(/^listening on (\S+)\n$/);
  return { ...server, url: url! };
}

async function kill({ process, ended }: Serving): Promise<void> {
  process.kill('SIGKILL');
  await ended;
}

/** Starts a run, and waits until its second step is at work. */
async function begin({ url }: Serving, executionId: string): Promise<void> {
  const body = JSON.stringify({ pipeline: 'survive', executionId });
  const headers = { 'content-type': 'application/json' };
  expect((await fetch(`${url}/v1/runs`, { method: 'POST', headers, body })).status).toBe(201);
  await readUntil(await fetch(`${url}/stream/pipeline/${executionId}?types=step_output`), 'step_output');
}

/** Everything the run tells, to its end. */
async function told({ url }: Serving, executionId: string) {
  const events = eventsIn(await (await fetch(`${url}/stream/pipeline/${executionId}`)).text());
  return events.map(({ event, data }) => ({ type: event, ...(data as { step_id: string | null; data: object }) }));
}

const survived = [
  'pipeline_start',
  'step_start',
  'step_complete',
  'step_start',
  'step_output',
  'pipeline_start',
  'step_retry',
  'step_start',
  'step_output',
  'step_complete',
  'pipeline_complete',
  'end',
];

async function expectSurvived(server: Serving, executionId: string, first: Serving): Promise<void> {
  const events = await told(server, executionId);
  expect(events.map(({ type }) => type)).toEqual(survived);
  expect(events[6]).toMatchObject({ step_id: 'work', data: { attempt: 2 } });
  // The first step was not run again.
  expect(events.at(-2)!.data).toMatchObject({ output: `of ${first.process.pid} by attempt 2` });
}

describe('sluice serve, killed in the midst of runs', { timeout: 300_000 }, () => {
  it('goes on with them when it is started again on its folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-killed-'));
    try {
      const first = await serving(`lmdb:${folder}`);
      await Promise.all(['one', 'two', 'three'].map(async (id) => await begin(first, id)));
      await kill(first);
      const second = await serving(`lmdb:${folder}`);
      for (const id of ['one', 'two', 'three']) await expectSurvived(second, id, first);
      await kill(second);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('leaves them where they are when it is told to', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-killed-'));
    try {
      const first = await serving(`lmdb:${folder}`, '--runs-lease-ms', '300');
      await begin(first, 'one');
      await kill(first);
      const second = await serving(`lmdb:${folder}`, '--runs-take-over', 'false');
      // Nobody takes it up: in the end a reaper ends it.
      const info = async () => (await (await fetch(`${second.url}/v1/runs/one`)).json()) as object;
      const status = async () => expect(await info()).toMatchObject({ status: 'lost', attempts: 1 });
      await vi.waitFor(status, { timeout: 30_000, interval: 50 });
      await kill(second);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe.skipIf(redisPath === undefined)('sluice serve on one Redis', { timeout: 300_000 }, () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    await redis.dispose();
  });

  it('has the runs of a server that is killed go on in one of the others', async () => {
    // So long that a busy machine makes nobody look dead.
    const lease = ['--runs-lease-ms', '3000'];
    const [first, ...others] = await Promise.all([0, 1, 2].map(async () => await serving(redis.url, ...lease)));
    const ids = ['one', 'two', 'three', 'four'];
    await Promise.all(ids.map(async (id) => await begin(first!, id)));
    // Readers at another server see it all happen.
    const watching = ids.map(async (id) => await expectSurvived(others[0]!, id, first!));
    await kill(first!);
    await Promise.all(watching);
    for (const id of ids) await expectSurvived(others[1]!, id, first!);
  });

  it('has them go on in the server that comes next, when there is none', async () => {
    const first = await serving(redis.url, '--runs-lease-ms', '3000');
    await begin(first, 'alone');
    await kill(first);
    await expectSurvived(await serving(redis.url), 'alone', first);
  });
});
