import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as bullmq from 'bullmq';
import { Redis } from 'ioredis';
import { lastValueFrom, toArray } from 'rxjs';
import { createRedisLog } from 'sluice/log/redis';
import type { Queue, QueueCounts } from 'sluice/queue';
import { createBullmqQueue } from 'sluice/queue/bullmq';
import { type ActorChunk, type RemoteActor, remoteActor } from 'sluice/run';
import { createStreams } from 'sluice/streams';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisPath, type RedisServer, startRedis } from '../servers/redis.js';
import { until } from '../servers/until.js';

/** `SLUICE_KILLS=50 npx vitest run test/run/worker-killed.test.ts` is a longer look. */
const kills = Number(process.env['SLUICE_KILLS'] ?? 3);
const leaseMs = 2000;
const words = 300;

type Said = ActorChunk<string, string>;
type Teller = RemoteActor<{ words: number; endless: number }, string, string>;

describe.skipIf(redisPath === undefined)('a worker that is killed', () => {
  let server: RedisServer;
  let writer: Teller;
  let reader: Teller;
  const workers = new Map<number, ChildProcess>();
  const ends: (() => Promise<unknown>)[] = [];
  const queues: Queue[] = [];

  const hire = async (): Promise<void> => {
    const args = ['-C', 'sluice-source', '--import', 'tsx', 'test/run/actor-worker.ts'];
    const worker = spawn(process.execPath, [...args, `${server.port}`, 'calls', `${leaseMs}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    workers.set(worker.pid!, worker);
    await once(worker.stdout!, 'data');
  };
  const dismiss = async (pid: number, signal: NodeJS.Signals): Promise<void> => {
    const worker = workers.get(pid)!;
    workers.delete(pid);
    const gone = once(worker, 'exit');
    worker.kill(signal);
    await gone;
  };
  const remote = (maxAttempts: number): Teller => {
    const connection = { host: '127.0.0.1', port: server.port };
    const queue = createBullmqQueue('calls', { bullmq, connection, leaseMs, maxAttempts });
    const streams = createStreams({ log: createRedisLog(new Redis({ ...connection, lazyConnect: true })) });
    queues.push(queue);
    ends.push(
      () => queue.dispose(),
      async () => await streams.dispose(),
    );
    return remoteActor(queue, streams, 'teller');
  };
  const counts = async (): Promise<QueueCounts> => await queues[0]!.counts();
  const saidIn = (chunks: readonly Said[]): string[] =>
    chunks.flatMap((chunk) => (chunk.type === 'data' ? [chunk.value] : []));

  /** What was said under each attempt. */
  const triesOf = (chunks: readonly Said[]): { attempt: number; said: string[] }[] => {
    const tries: { attempt: number; said: string[] }[] = [];
    for (const chunk of chunks) {
      if (chunk.type === 'start') tries.push({ attempt: chunk.attempt!, said: [] });
      if (chunk.type === 'data') tries.at(-1)!.said.push(chunk.value);
    }
    expect(tries.map(({ attempt }) => attempt)).toEqual(
      tries.map(({ attempt }) => attempt).toSorted((left, right) => left - right),
    );
    return tries;
  };

  beforeAll(async () => {
    server = await startRedis('--appendfsync', 'no');
    [writer, reader] = [remote(20), remote(20)];
    await Promise.all([hire(), hire()]);
  }, 60_000);
  afterAll(async () => {
    for (const pid of workers.keys()) await dismiss(pid, 'SIGKILL');
    for (const end of ends) await end();
    await server.dispose();
  });

  it.each(Array.from({ length: kills }, (_, n) => n))(
    'loses its call to another, and everybody reads one consistent end (%i)',
    async (n) => {
      const id = `call-${n}`;
      const heard: Said[] = [];
      const followed: Said[] = [];
      writer.stream({ words, endless: 1 }, { id }).subscribe((chunk) => heard.push(chunk));
      await until('it is in mid-stream', () => saidIn(heard).length > (n * 37) % words, 60_000);
      const victim = Number(saidIn(heard).at(-1)!.split(':')[0]);
      const following = lastValueFrom(reader.follow(id).pipe(toArray())).then((all) => followed.push(...all));
      await dismiss(victim, 'SIGKILL');
      const next = hire();
      await following;
      await until('the caller knows the end', () => heard.at(-1)?.type === 'complete', 60_000);
      await next;
      expect(followed).toEqual(heard);
      const tries = triesOf(heard);
      expect(tries.length).toBeGreaterThan(1);
      expect(tries[0]!.said.every((word) => word.startsWith(`${victim}:1:`))).toBe(true);
      // Each is of one worker and goes from its beginning: nothing of a former one is behind the start of the next.
      for (const { attempt, said } of tries) {
        const [first = ''] = said;
        const [pid] = first.split(':');
        expect(said).toEqual(said.map((_, word) => `${pid}:${attempt}:${word}`));
      }
      expect(tries.at(-1)!.said).toHaveLength(words);
    },
    120_000,
  );

  it('does not notice a worker that is stopped in order', async () => {
    const heard: Said[] = [];
    writer.stream({ words, endless: 0 }, { id: 'stopped' }).subscribe((chunk) => heard.push(chunk));
    await until('it is in mid-stream', () => saidIn(heard).length > 10, 60_000);
    const pid = Number(saidIn(heard)[0]!.split(':')[0]);
    await dismiss(pid, 'SIGTERM');
    await until('it has ended', () => heard.at(-1)?.type === 'complete', 60_000);
    expect(new Set(saidIn(heard).map((word) => word.split(':')[0]))).toEqual(new Set([`${pid}`]));
    expect(saidIn(heard)).toHaveLength(words);
  }, 120_000);

  it('hears that its call is cancelled, whoever says so; one that nobody has is not begun', async () => {
    const heard: Said[] = [];
    writer.stream({ words, endless: 99 }, { id: 'cancelled' }).subscribe((chunk) => heard.push(chunk));
    await until('it is in mid-stream', () => saidIn(heard).length > 10, 60_000);
    await reader.cancel('cancelled', 'too long');
    await until('the caller knows', () => heard.at(-1)?.type === 'error', 60_000);
    expect(heard.at(-1)).toMatchObject({
      code: 'run-cancelled',
      message: expect.stringContaining('too long') as string,
    });
    // The worker is free again: it does what is asked next, and does it to the end.
    expect((await writer.execute({ words: 5, endless: 0 })).split(':')).toHaveLength(11);
    await until('nobody works any more', async () => {
      const { claimed, waiting } = await counts();
      return claimed + waiting === 0;
    });
    for (const pid of workers.keys()) await dismiss(pid, 'SIGTERM');
    const late: Said[] = [];
    writer.stream({ words, endless: 0 }, { id: 'late' }).subscribe((chunk) => late.push(chunk));
    await until('it waits', async () => (await counts()).waiting === 1, 60_000);
    await reader.cancel('late');
    await until('the caller knows', () => late.length > 0, 60_000);
    await hire();
    await until('it is out of the queue', async () => (await counts()).waiting === 0, 60_000);
    expect(late).toMatchObject([{ type: 'error', code: 'run-cancelled' }]);
    await hire();
  }, 180_000);

  it('fails a call that kills every worker that takes it', async () => {
    const heard: Said[] = [];
    remote(2)
      .stream({ words, endless: 99 }, { id: 'deadly' })
      .subscribe((chunk) => heard.push(chunk));
    const speaker = (): number => Number(saidIn(heard).at(-1)?.split(':')[0]);
    while (heard.at(-1)?.type !== 'error') {
      await until(
        'somebody speaks, or nobody ever will',
        () => heard.at(-1)?.type === 'error' || workers.has(speaker()),
        60_000,
      );
      if (!workers.has(speaker())) continue;
      const next = hire();
      await dismiss(speaker(), 'SIGKILL');
      await next;
    }
    expect(heard.at(-1)).toEqual({ type: 'error', message: 'the lease ran out', code: 'stream-failed' });
  }, 180_000);
});
