import type { NatsConnection } from '@nats-io/transport-node';
import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { checkBound, checkName, type JsonValue, kindOf, StreamError } from '../chunk/index.js';
import { NatsCaller } from './nats/caller.js';
import {
  type Decision,
  type Delivery,
  type Envelope,
  foreign,
  readEnvelope,
  readLetter,
  wordOf,
} from './nats/record.js';
import { QueueStore } from './nats/store.js';
import type {
  ClaimedJob,
  ClaimOptions,
  DeadJob,
  Enqueued,
  EnqueueOptions,
  Failed,
  FailOptions,
  Queue,
  QueueCounts,
  QueueOptions,
} from './queue.js';
import { checkId, leaseLost, longestMs, queueClosed, QueueRules, reasonOf, silent } from './rules.js';
import { checkWait } from './waiting-claims.js';

/** Options of {@link createNatsQueue}. */
export interface NatsQueueOptions extends QueueOptions {
  /** A connection of `@nats-io/transport-node`, best one that reconnects for ever. It stays yours. */
  readonly connection: NatsConnection;
  /** On how many servers of a cluster everything is kept: 1 to 5, when the queue is made. Default 1. */
  readonly replicas?: number;
  /** How long a call is tried while NATS cannot answer, before it is `queue-unavailable`. Default 10 000. */
  readonly patienceMs?: number;
  /** Runs the pauses before NATS is asked again; leases and delays are kept by the server. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
  /** Milliseconds since the epoch, to know what is left of a delay. Default `Date.now`. */
  readonly now?: () => number;
}

/**
 * A queue in NATS 2.9 or later with JetStream, for any number of processes: a work queue of jobs, and beside it what was decided
 * about each, written on condition that nothing else was decided since. So one that has lost its lease is refused.
 *
 * @example
 * const connection = await connect({ servers: '127.0.0.1:4222', maxReconnectAttempts: -1 });
 * const queue = createNatsQueue('answers', { connection });
 */
export function createNatsQueue(name: string, options: NatsQueueOptions): Queue {
  const { connection } = options;
  const known = connection as Partial<NatsConnection> | null | undefined;
  if (typeof known?.request !== 'function') {
    throw new TypeError(`connection must be one of "@nats-io/transport-node", got ${kindOf(connection)}`);
  }
  return new NatsQueue(checkName(name), options);
}

/** Longest time that one question for a job is open: what is asked over a link that breaks is asked anew then. */
const pullMs = 1000;

/** A job in hand: what was decided about it last, and where that stands. */
interface Holding {
  readonly job: Envelope;
  readonly delivery: Delivery;
  readonly decision: Decision;
  seq: number;
}

class NatsQueue implements Queue {
  private readonly rules: QueueRules;
  private readonly caller: NatsCaller;
  private readonly store: QueueStore;
  private readonly now: () => number;
  private readonly closing = new AbortController();

  constructor(name: string, options: NatsQueueOptions) {
    const { connection, scheduler = asyncScheduler } = options;
    this.rules = new QueueRules(options);
    this.now = options.now ?? Date.now;
    const patienceMs = checkBound('patienceMs', options.patienceMs ?? 10_000, { max: longestMs });
    const replicas = checkBound('replicas', options.replicas ?? 1, { max: 5 });
    this.caller = new NatsCaller(connection, scheduler, patienceMs);
    this.store = new QueueStore(name, connection, this.caller, scheduler, this.rules, replicas);
  }

  get leaseMs(): number {
    return this.rules.leaseMs;
  }

  async enqueue(payload: JsonValue, options?: EnqueueOptions): Promise<Enqueued> {
    this.checkOpen();
    const { id, named, text, delayMs, maxAttempts } = this.rules.draft(payload, options);
    const duplicate = { id, duplicate: true };
    const fields = JSON.stringify({ id, maxAttempts, delayMs, attempt: 0 });
    const body = `${fields.slice(0, -1)},"payload":${text}}`;
    if (body.length > this.store.maxBody || Buffer.byteLength(body) > this.store.maxBody) {
      const message = `a message in NATS has room for ${this.store.maxBody} bytes: see its max_payload`;
      throw new StreamError('job-too-large', message, { job: id });
    }
    if (named && (await this.store.last('dead', wordOf(id))) !== undefined) return duplicate;
    const seq = await this.store.put('jobs', wordOf(id), { text: body }, 0);
    return seq === undefined ? duplicate : { id, duplicate: false };
  }

  async claim(options: ClaimOptions = {}): Promise<ClaimedJob | undefined> {
    this.checkOpen();
    const waitMs = checkWait(options);
    const { signal } = options;
    const until = performance.now() + waitMs;
    const over = AbortSignal.any([this.closing.signal, ...(signal === undefined ? [] : [signal])]);
    while (!over.aborted) {
      const left = Math.max(0, Math.ceil(until - performance.now()));
      const asked = performance.now();
      const delivery = await this.pull(Math.min(left, pullMs), over);
      const job = delivery === undefined ? undefined : await this.accept(delivery, asked);
      if (job !== undefined && over.aborted) await job.release();
      else if (job !== undefined) return job;
      else if (delivery === undefined && left === 0) return undefined;
    }
    return undefined;
  }

  async remove(id: string): Promise<boolean> {
    this.checkOpen();
    const word = wordOf(checkId(id));
    const job = await this.store.last('jobs', word);
    if (job === undefined) return await this.store.purge('dead', word);
    const place = `${job.seq}`;
    const known = await this.store.last('claims', place);
    const { state = 'waiting', ...rest } = known?.decision ?? {};
    if (state !== 'waiting') return false;
    const decision: Decision = { attempt: 0, failures: 0, delivered: 0, ...rest, state: 'done' };
    if ((await this.store.put('claims', place, { decision }, known?.seq ?? 0)) === undefined) return false;
    await this.store.remove(job.seq);
    await this.store.purge('claims', place);
    return true;
  }

  async dead(limit = 100): Promise<readonly DeadJob[]> {
    this.checkOpen();
    checkBound('limit', limit);
    const letters = await this.store.list('dead', limit, true);
    return letters
      .map(({ text }) => readLetter(text))
      .filter((letter) => letter !== undefined)
      .map(({ id, payload, attempt, maxAttempts, reason }) => ({ id, payload, attempt, maxAttempts, reason }));
  }

  async requeue(id: string): Promise<boolean> {
    this.checkOpen();
    const word = wordOf(checkId(id));
    const kept = await this.store.last('dead', word);
    const letter = kept === undefined ? undefined : readLetter(kept.text);
    if (letter === undefined) return false;
    const { reason: _, ...job } = letter;
    const text = JSON.stringify({ ...job, delayMs: 0 } satisfies Envelope);
    // Where it waits already, somebody has come as far as this before.
    await this.store.put('jobs', word, { text }, 0);
    return await this.store.purge('dead', word);
  }

  async counts(): Promise<QueueCounts> {
    this.checkOpen();
    const decisions = await this.store.list('claims', Infinity, false);
    const [jobs, dead] = [await this.store.jobs(), await this.store.size('dead')];
    let claimed = 0;
    for (const { subject, decision } of decisions) {
      const place = subject.slice(subject.lastIndexOf('.') + 1);
      // Of a job that is over something may be left, also when a server that crashed has brought it back.
      if (!jobs.has(Number(place))) this.store.purge('claims', place).catch(() => {});
      else if (decision?.state === 'claimed') claimed++;
    }
    return { waiting: Math.max(0, jobs.size - claimed), claimed, dead };
  }

  async dispose(): Promise<void> {
    this.closing.abort();
    this.store.dispose();
    this.caller.dispose();
  }

  private checkOpen(): void {
    if (this.closing.signal.aborted) throw queueClosed();
  }

  /** Asks for a delivery. What comes when nobody waits any more goes back. */
  private async pull(expiresMs: number, over: AbortSignal): Promise<Delivery | undefined> {
    let leave = (): void => {};
    const left = new Promise<undefined>((resolve) => (leave = () => resolve(undefined)));
    over.addEventListener('abort', leave);
    const asked = async (): Promise<Delivery | undefined> => {
      try {
        const delivery = await this.store.pull(expiresMs);
        if (!over.aborted || delivery === undefined) return delivery;
        await this.store.giveBack(delivery, 0);
      } catch (error) {
        if (!over.aborted) throw error;
      }
      return undefined;
    };
    try {
      return await Promise.race([asked(), left]);
    } finally {
      over.removeEventListener('abort', leave);
    }
  }

  /** Claims what was delivered, unless it is not due, was decided otherwise, or has no attempts left. */
  private async accept(delivery: Delivery, asked: number): Promise<ClaimedJob | undefined> {
    const { seq, delivered, body } = delivery;
    const place = `${seq}`;
    const read = readEnvelope(body);
    const job = read ?? foreign(seq, body);
    // A job that is delivered for the first time has hardly ever been claimed before: then this is found out below.
    let known = delivered === 1 ? undefined : await this.store.last('claims', place);
    for (;;) {
      const before = known?.decision;
      if (before !== undefined && before.delivered >= delivered) {
        // It was delivered to another since, who is quicker; or it was given back once more, and this delivery is not to count.
        if (before.state === 'waiting' && delivered > 1) await this.store.giveBack(delivery, 0);
        return undefined;
      }
      const failures = (before?.failures ?? 0) + (before?.state === 'claimed' ? 1 : 0);
      const attempt = before?.attempt ?? job.attempt;
      if (before?.state === 'done' || before?.state === 'dead') {
        await this.finish({ job, delivery, decision: before, seq: 0 });
        return undefined;
      }
      const left = before === undefined ? Math.min(job.delayMs, delivery.storedAt + job.delayMs - this.now()) : 0;
      if (left > 0) {
        await this.store.giveBack(delivery, left);
        return undefined;
      }
      const reason = read === undefined ? 'what was enqueued is no job of this queue' : silent;
      const spent = read === undefined || failures >= job.maxAttempts;
      const decision: Decision = spent
        ? { state: 'dead', attempt, failures, delivered, reason }
        : { state: 'claimed', attempt: attempt + 1, failures, delivered };
      const written = await this.store.put('claims', place, { decision }, known?.seq ?? 0);
      if (written === undefined) {
        known = await this.store.last('claims', place);
        // The job is over, and what was kept of it gone.
        if (known === undefined) return undefined;
        continue;
      }
      if (before === undefined && !(await this.isThere(delivery, asked))) {
        await this.store.purge('claims', place);
        return undefined;
      }
      const holding = { job, delivery, decision, seq: written };
      if (!spent) return this.claimOf(holding);
      await this.finish(holding);
      return undefined;
    }
  }

  /** Whether a job of which nothing is kept is new, or over: it may have been delivered to another, who was quicker. */
  private async isThere({ seq, delivered }: Delivery, asked: number): Promise<boolean> {
    const isSure = delivered === 1 && performance.now() - asked < this.leaseMs;
    return isSure || (await this.store.body(seq)) !== undefined;
  }

  /** Does what follows from a decision that a job is over. */
  private async finish({ job, delivery, decision: { state, attempt, reason = '' } }: Holding): Promise<void> {
    if (state === 'dead') {
      const letter = { ...job, attempt, reason };
      await this.store.put('dead', wordOf(job.id), { text: JSON.stringify(letter) });
    }
    // An acknowledgement removes it as well, but a server that crashes then may bring it back, and deliver it to nobody.
    await this.store.remove(delivery.seq).catch(() => {});
    await this.store.settle(delivery, '+ACK');
    // What is left of it only takes room.
    this.store.purge('claims', `${delivery.seq}`).catch(() => {});
  }

  private claimOf(holding: Holding): ClaimedJob {
    const { id, payload, maxAttempts } = holding.job;
    const { attempt, failures } = holding.decision;
    const { delivery } = holding;
    let over = false;
    let turn: Promise<unknown> = Promise.resolve();
    /** Decides, unless another has since: one decision at a time, each on the one before. */
    const decide = async (change: Partial<Decision>): Promise<Holding> => {
      this.checkOpen();
      if (over) throw leaseLost(id, attempt);
      const decision = { ...holding.decision, ...change };
      const written = await this.store.put('claims', `${delivery.seq}`, { decision }, holding.seq);
      if (written === undefined) throw leaseLost(id, attempt);
      holding.seq = written;
      over = decision.state !== 'claimed';
      return { ...holding, decision };
    };
    const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
      const mine = turn.then(work);
      turn = mine.catch(() => {});
      return mine;
    };
    return {
      id,
      payload,
      attempt,
      maxAttempts,
      renew: () =>
        inTurn(async () => {
          await decide({});
          this.store.extend(delivery);
        }),
      ack: () => inTurn(async () => this.finish(await decide({ state: 'done' }))),
      fail: (reason: string, { delayMs, final = false }: FailOptions = {}): Promise<Failed> =>
        inTurn(async () => {
          const waitMs = this.rules.failDelayMs(delayMs, failures + 1);
          const isOver = final || failures + 1 >= maxAttempts;
          const state = isOver ? 'dead' : 'waiting';
          const decided = await decide({ state, failures: failures + 1, reason: reasonOf(reason) });
          if (isOver) await this.finish(decided);
          else await this.store.giveBack(delivery, waitMs);
          return state;
        }),
      release: () =>
        inTurn(async () => {
          await decide({ state: 'waiting' });
          await this.store.giveBack(delivery, 0);
        }),
    };
  }
}
