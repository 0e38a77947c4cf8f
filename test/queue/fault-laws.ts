import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ClaimedJob, Queue, QueueOptions } from '../../src/queue/queue.js';
import { work } from '../../src/queue/work.js';
import { type CutLink, cutLink } from '../servers/cut-link.js';
import type { TestServer } from '../servers/server.js';
import { pause, until } from '../servers/until.js';

/** Options of a queue on a server. */
export type FaultOptions = QueueOptions & { readonly patienceMs?: number };

/** A kind of queue on a real server. */
export interface Ground {
  readonly kind: 'bullmq' | 'nats';
  start(): Promise<TestServer>;
  /** Opens a queue with a connection of its own, through this port. */
  open(port: number, name: string, options: FaultOptions): Promise<{ queue: Queue; close(): Promise<void> }>;
  /** Puts something into the queue that is no job of ours. */
  spoil(port: number, name: string): Promise<void>;
}

/** What every queue on a real server survives. */
export function faultLaws({ kind, start, open, spoil }: Ground): void {
  describe(`a queue over ${kind}`, () => {
    let server: TestServer;
    const ends: (() => Promise<void>)[] = [];
    let queues = 0;
    beforeAll(async () => {
      server = await start();
    });
    afterEach(async () => {
      for (const end of ends.splice(0).toReversed()) await end();
    });
    afterAll(async () => await server.dispose());

    const name = (): string => `faults-${queues}`;
    const queueAt = async (port: number, options: FaultOptions = {}): Promise<Queue> => {
      const { queue, close } = await open(port, name(), { retryMs: 10, maxRetryMs: 10, ...options });
      ends.push(async () => {
        await queue.dispose();
        await close();
      });
      return queue;
    };
    const linked = async (): Promise<CutLink> => {
      const link = await cutLink(server.port);
      ends.push(link.dispose);
      return link;
    };
    const claimed = async (queue: Queue): Promise<ClaimedJob> => {
      const job = await queue.claim({ waitMs: 30_000 });
      expect(job).toBeDefined();
      return job!;
    };
    /** Works on everything that comes, and says what was worked on. */
    const workOn = (queue: Queue): Set<string> => {
      const worked = new Set<string>();
      const handle = async ({ id }: ClaimedJob): Promise<void> => {
        await pause(1);
        worked.add(id);
      };
      const working = work(queue, handle, { concurrency: 4, pauseMs: 10 }).subscribe();
      ends.push(async () => working.unsubscribe());
      return worked;
    };
    const emptied = async (queue: Queue): Promise<void> => {
      await expect
        .poll(() => queue.counts(), { timeout: 60_000, interval: 20 })
        .toMatchObject({ waiting: 0, claimed: 0 });
    };
    /** Whether the queue answers, and has so many dead. */
    const isCounted = (queue: Queue, count: number): Promise<boolean> =>
      queue.counts().then(
        ({ dead }) => dead === count,
        () => false,
      );
    const repeated = async (queue: Queue, id: string): Promise<void> => {
      for (let tries = 0; ; tries++) {
        try {
          await queue.enqueue(id, { id });
          return;
        } catch (error) {
          if (tries > 100) throw error;
          expect(error).toMatchObject({ code: 'queue-unavailable' });
        }
      }
    };

    it('loses nothing when the server is killed, and goes on when it is back', async () => {
      queues++;
      const queue = await queueAt(server.port, { leaseMs: 5000, maxAttempts: 50, patienceMs: 1000 });
      // To be connected, and to have made what keeps jobs, takes longer than anything that follows.
      await until('the server answers', () => isCounted(queue, 0));
      const ids = Array.from({ length: 20 }, (_, n) => `job ${n}`);
      for (const id of ids) await queue.enqueue(id, { id });
      await (await claimed(queue)).ack();
      await (await claimed(queue)).fail('no', { final: true });
      await (await claimed(queue)).fail('not yet', { delayMs: 50 });
      const held = await claimed(queue);
      await server.kill();
      await expect(queue.enqueue('x')).rejects.toMatchObject({ code: 'queue-unavailable' });
      await expect(held.ack()).rejects.toMatchObject({ code: 'queue-unavailable' });
      await server.restart();
      await until('the server answers', () => isCounted(queue, 1));
      expect(await queue.dead()).toMatchObject([{ id: 'job 1', reason: 'no' }]);
      const worked = workOn(queue);
      // What could not be said may have been heard: it is done, or comes again.
      await emptied(queue);
      const rest = ids.slice(2).filter((id) => id !== held.id);
      expect([...worked]).toEqual(expect.arrayContaining(rest));
    }, 120_000);

    it('gets every job done over a link that is cut in the middle of everything', async () => {
      queues++;
      const link = await linked();
      const options = { leaseMs: 1000, maxAttempts: 1000, patienceMs: 2000 };
      const worked = workOn(await queueAt(link.port, options));
      const producer = await queueAt(link.port, options);
      const ids = Array.from({ length: 60 }, (_, n) => `job ${n}`);
      for (const [n, id] of ids.entries()) {
        if (n % 20 === 10) link.mute();
        const enqueued = repeated(producer, id);
        if (n % 20 === 10) await pause(20);
        if (n % 10 === 0) link.cut();
        await enqueued;
      }
      await until('all was worked on', () => ids.every((id) => worked.has(id)), 60_000);
      // A job that was done may have been enqueued once more, by an answer that was lost.
      const whole = await queueAt(server.port, options);
      await emptied(whole);
      expect(await whole.dead()).toEqual([]);
    }, 180_000);

    it('gives the job of a worker that was killed to another', async () => {
      queues++;
      const queue = await queueAt(server.port, { leaseMs: 2000 });
      await queue.enqueue('x', { id: 'a' });
      const args = [
        '-C',
        'sluice-source',
        '--import',
        'tsx',
        'test/queue/working.ts',
        kind,
        `${server.port}`,
        name(),
        '2000',
      ];
      const worker = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      ends.push(async () => void worker.kill('SIGKILL'));
      let said = '';
      worker.stdout.setEncoding('utf8').on('data', (part: string) => (said += part));
      await until('the worker has the job', () => said.startsWith('a 1'), 90_000);
      const gone = once(worker, 'exit');
      worker.kill('SIGKILL');
      await gone;
      const job = await claimed(queue);
      expect(job).toMatchObject({ id: 'a', payload: 'x' });
      expect(job.attempt).toBeGreaterThan(1);
      await job.ack();
    }, 120_000);

    it('makes a dead letter of what is no job', async () => {
      queues++;
      const queue = await queueAt(server.port);
      expect(await queue.claim()).toBeUndefined();
      await spoil(server.port, name());
      await queue.enqueue('x', { id: 'a' });
      expect(await claimed(queue)).toMatchObject({ id: 'a' });
      expect(await queue.counts()).toEqual({ waiting: 0, claimed: 1, dead: 1 });
      const [letter] = await queue.dead();
      expect(letter).toMatchObject({ reason: 'what was enqueued is no job of this queue' });
      expect(await queue.remove(letter!.id)).toBe(true);
      expect(await queue.counts()).toMatchObject({ dead: 0 });
    }, 60_000);
  });
}
