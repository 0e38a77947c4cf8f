import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, createInbox, headers, type NatsConnection, nanos } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNatsQueue, type NatsQueueOptions } from '../../src/queue/nats.js';
import type { Decision } from '../../src/queue/nats/record.js';
import type { Queue } from '../../src/queue/queue.js';
import { queueLaws } from '../../src/testing/queue-laws.js';
import { type NatsServer, natsPath, startNats } from '../servers/nats.js';
import { pause, until } from '../servers/until.js';

describe.skipIf(natsPath === undefined)('createNatsQueue', () => {
  let server: NatsServer;
  let connection: NatsConnection;
  let queues = 0;
  beforeAll(async () => {
    server = await startNats();
    connection = await connect({ servers: server.url });
  });
  afterAll(async () => {
    await connection.close();
    await server.dispose();
  });

  const open = (options: Partial<NatsQueueOptions> = {}, name = `queue/${queues++}`): Queue =>
    createNatsQueue(name, { connection, ...options });

  queueLaws('a queue in NATS', (options) => ({ queue: open(options) }));

  it('takes as long a name as JetStream does, and refuses a longer one at once', async () => {
    const longest = 'n'.repeat(255 - 'sluice-queue--claims'.length);
    const queue = open({}, longest);
    const id = '漢'.repeat(256);
    await queue.enqueue('x', { id });
    expect(await queue.claim()).toMatchObject({ id, payload: 'x' });
    await queue.dispose();
    for (const name of [`${longest}n`, '漢'.repeat(27)]) {
      expect(() => open({}, name)).toThrow(expect.objectContaining({ code: 'name-invalid' }));
    }
  });

  /** Writes a decision about a job as another process would. */
  const decide = async (name: string, decision: Decision): Promise<void> => {
    const head = headers();
    head.set('Sluice-Decision', JSON.stringify(decision));
    await jetstream(connection).publish(`sluice.queue.${name}.claims.1`, '', { headers: head });
  };

  it('finishes what a process had decided before it died', async () => {
    for (const state of ['done', 'dead'] as const) {
      const queue = open({ leaseMs: 500 }, `half-${state}`);
      await queue.enqueue('x', { id: 'a' });
      const job = (await queue.claim())!;
      await decide(`half-${state}`, { state, attempt: 1, failures: 0, delivered: 1, reason: 'no' });
      await expect(job.ack()).rejects.toMatchObject({ code: 'lease-lost' });
      const empty = { waiting: 0, claimed: 0, dead: state === 'dead' ? 1 : 0 };
      await until('it is finished', async () => {
        expect(await queue.claim({ waitMs: 100 })).toBeUndefined();
        return JSON.stringify(await queue.counts()) === JSON.stringify(empty);
      });
      expect(await queue.dead()).toMatchObject(state === 'dead' ? [{ id: 'a', attempt: 1, reason: 'no' }] : []);
    }
  });

  it('leaves a job to whom it was delivered later', async () => {
    const queue = open({}, 'overtaken');
    await queue.enqueue('x', { id: 'a' });
    await decide('overtaken', { state: 'claimed', attempt: 7, failures: 0, delivered: 2 });
    expect(await queue.claim()).toBeUndefined();
    expect(await queue.counts()).toEqual({ waiting: 0, claimed: 1, dead: 0 });
    expect(await queue.remove('a')).toBe(false);
  });

  it('does not begin a job again that was done while it was delivered', async () => {
    const name = 'late-word';
    const first = open({ leaseMs: 500 }, name);
    await first.enqueue('x', { id: 'a' });
    const job = (await first.claim())!;
    let acknowledged = false;
    const slow = new Proxy(connection, {
      get: (target, key: keyof NatsConnection) => {
        const own: unknown = target[key];
        if (key !== 'request') return typeof own === 'function' ? (own.bind(target) as unknown) : own;
        return async (...given: Parameters<NatsConnection['request']>) => {
          const message = await target.request(...given);
          if (message.subject.includes('.jobs.') && !acknowledged) {
            await job.ack();
            acknowledged = true;
            const manager = await jetstreamManager(connection);
            const claims = async () => (await manager.streams.info(`sluice-queue-${name}-claims`)).state.messages;
            await until('nothing is kept of it', async () => (await claims()) === 0);
          }
          return message;
        };
      },
    });
    const second = open({ leaseMs: 500, connection: slow }, name);
    await until('it was delivered once more', async () => {
      // Its question is still open when the lease ends: a server that finds one whose time is over forgets how often it delivered.
      expect(await second.claim({ waitMs: 900 })).toBeUndefined();
      return acknowledged;
    });
    expect(await first.counts()).toEqual({ waiting: 0, claimed: 0, dead: 0 });
  });

  it('gives back a job that it comes to hear of too late, because its process stood still', async () => {
    const queue = open({ leaseMs: 60_000 });
    await queue.enqueue('x', { id: 'a' });
    const claiming = queue.claim({ waitMs: 20 });
    // It has asked.
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    for (const until = performance.now() + 1300; performance.now() < until;);
    // Long before its lease is over.
    expect((await claiming) ?? (await queue.claim({ waitMs: 20_000 }))).toMatchObject({ id: 'a' });
  });

  it('has a job soon that was given back when only one who is gone had asked for it', async () => {
    const name = 'asked-and-gone';
    const queue = open({ leaseMs: 60_000 }, name);
    await queue.enqueue('x', { id: 'a' });
    const job = (await queue.claim())!;
    const gone = await connect({ servers: server.url });
    const inbox = createInbox();
    const subscription = gone.subscribe(inbox);
    const question = JSON.stringify({ batch: 1, expires: nanos(60_000) });
    gone.publish(`$JS.API.CONSUMER.MSG.NEXT.sluice-queue-${name}-jobs.workers`, question, { reply: inbox });
    const manager = await jetstreamManager(connection);
    const asking = async () => (await manager.consumers.info(`sluice-queue-${name}-jobs`, 'workers')).num_waiting;
    await until('it is asked for', async () => (await asking()) === 1);
    subscription.unsubscribe();
    await gone.flush();
    await job.release();
    // Now the server looks who has asked.
    await pause(100);
    expect(await queue.claim({ waitMs: 20_000 })).toMatchObject({ id: 'a', attempt: 2 });
    await gone.close();
  });

  it('asks once more for a job whose delivery is not to count, because it was given back again meanwhile', async () => {
    const name = 'given-back-twice';
    const queue = open({ leaseMs: 60_000 }, name);
    await queue.enqueue('x', { id: 'a' });
    expect(await queue.claim()).toMatchObject({ attempt: 1 });
    await decide(name, { state: 'waiting', attempt: 1, failures: 0, delivered: 2 });
    await connection.request(`$JS.ACK.sluice-queue-${name}-jobs.workers.1.1.1.0.0`, '-NAK');
    expect(await queue.claim({ waitMs: 20_000 })).toMatchObject({ id: 'a', attempt: 2 });
  });

  it('goes on from what was decided, where JetStream has begun to count anew', async () => {
    const queue = open({}, 'anew');
    await queue.enqueue('x', { id: 'a' });
    await decide('anew', { state: 'waiting', attempt: 7, failures: 1, delivered: 0 });
    expect(await queue.claim()).toMatchObject({ attempt: 8 });
  });

  it('counts nothing that is left of a job that is over, and removes it', async () => {
    const name = 'left-over';
    const queue = open({}, name);
    await queue.enqueue('x');
    await queue.enqueue('y');
    await (await queue.claim())!.ack();
    await decide(name, { state: 'claimed', attempt: 1, failures: 0, delivered: 1 });
    expect(await queue.counts()).toEqual({ waiting: 1, claimed: 0, dead: 0 });
    const manager = await jetstreamManager(connection);
    const claims = async () => (await manager.streams.info(`sluice-queue-${name}-claims`)).state.messages;
    await until('it is gone', async () => (await claims()) === 0);
  });

  it('tries a dead letter anew once, though a process died while it did so', async () => {
    const queue = open({ maxAttempts: 1 }, 'twice');
    await queue.enqueue('x', { id: 'a' });
    await (await queue.claim())!.fail('no');
    const letter = { id: 'a', payload: 'x', maxAttempts: 1, delayMs: 0, attempt: 1, reason: 'no' };
    expect(await queue.requeue('a')).toBe(true);
    await jetstream(connection).publish('sluice.queue.twice.dead.a', JSON.stringify(letter));
    expect(await queue.requeue('a')).toBe(true);
    expect(await queue.counts()).toEqual({ waiting: 1, claimed: 0, dead: 0 });
  });

  it('passes over dead letters that are none', async () => {
    const queue = open({}, 'litter');
    await queue.counts();
    await jetstream(connection).publish('sluice.queue.litter.dead.a', 'no letter');
    expect(await queue.dead()).toEqual([]);
    expect(await queue.requeue('a')).toBe(false);
    expect(await queue.remove('a')).toBe(true);
  });

  it('waits no longer than a delay, whatever the clocks say', async () => {
    const behind = open({ now: () => Date.now() - 86_400_000 });
    await behind.enqueue('x', { delayMs: 60_000 });
    expect(await behind.claim()).toBeUndefined();
    const ahead = open({ now: () => Date.now() + 86_400_000 });
    await ahead.enqueue('x', { id: 'a', delayMs: 60_000 });
    expect(await ahead.claim()).toMatchObject({ id: 'a' });
  });

  it('refuses a job that finds no room in a message', async () => {
    const queue = open({ maxPayloadBytes: 4 << 20 });
    await expect(queue.enqueue('x'.repeat(1 << 20))).rejects.toMatchObject({ code: 'job-too-large' });
    await expect(queue.enqueue('é'.repeat(1 << 19))).rejects.toMatchObject({ code: 'job-too-large' });
  });

  it('says that NATS cannot be reached', async () => {
    const closed = await connect({ servers: server.url });
    const queue = open({ connection: closed });
    await queue.enqueue('x');
    await closed.close();
    await expect(queue.enqueue('x')).rejects.toMatchObject({ code: 'queue-unavailable' });
    await expect(queue.claim()).rejects.toMatchObject({ code: 'queue-unavailable' });
  });

  it('refuses what is no connection', () => {
    for (const none of [undefined, null, {}, 'nats://127.0.0.1']) {
      expect(() => createNatsQueue('a', { connection: none as never })).toThrow(TypeError);
    }
    expect(() => open({ replicas: 6 })).toThrow('replicas');
    expect(() => open({ patienceMs: 0 })).toThrow('patienceMs');
    expect(() => open({}, '..')).toThrow('name');
  });
});
