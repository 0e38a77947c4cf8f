import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  RetentionPolicy,
  type StreamConfig,
  StorageType,
} from '@nats-io/jetstream';
import { headers, type Msg, type NatsConnection, nanos } from '@nats-io/transport-node';
import type { SchedulerLike, Subscription } from 'rxjs';
import { StreamError } from '../../chunk/index.js';
import type { QueueRules } from '../rules.js';
import { answerMs, isConflict, type NatsCaller } from './caller.js';
import { GivenBack } from './given-back.js';
import { type Decision, type Delivery, readDecision, readDelivery, wordOf } from './record.js';

/** @internal The streams of a queue: its jobs, what was decided about them, and dead letters. */
export type Kind = 'jobs' | 'claims' | 'dead';

/** @internal A message that is kept. */
export interface Stored {
  readonly seq: number;
  readonly subject: string;
  readonly text: string;
  readonly decision: Decision | undefined;
}

/** Says what wrote a stream, and how; it must change when older versions cannot read it. */
const description = 'a queue of sluice, version 1';
/** What was decided stands in a header, so that it can be counted without the rest. */
const header = 'Sluice-Decision';
const consumer = 'workers';
/** What JetStream answers when it is to delete a message that it does not have. */
const notThere = new Set([10_043, 10_057]);
/** How much later than asked for an answer may come. */
const lateMs = 100;
/** How long what comes later still is given back. */
const lingerMs = 60_000;
/** Most characters of a stream's name in JetStream. */
const nameCharacters = 255;
/** Messages that are asked for at once. */
const page = 256;

/** @internal The three streams in JetStream that hold a queue. */
export class QueueStore {
  private readonly jetstream: JetStreamClient;
  private opening: Promise<JetStreamManager> | undefined;
  private readonly name: string;
  private readonly givenBack: GivenBack;

  constructor(
    queue: string,
    private readonly connection: NatsConnection,
    private readonly caller: NatsCaller,
    private readonly scheduler: SchedulerLike,
    private readonly rules: QueueRules,
    private readonly replicas: number,
  ) {
    this.name = wordOf(queue);
    if (this.streamOf('claims').length > nameCharacters) {
      const message = `a queue in NATS needs a shorter name: "${queue}" is one of more than ${nameCharacters} characters there`;
      throw new StreamError('name-invalid', message, { field: 'name' });
    }
    this.jetstream = jetstream(connection, { timeout: answerMs });
    this.givenBack = new GivenBack(this, scheduler, rules.leaseMs);
    void connection.closed().then(() => this.dispose());
  }

  dispose(): void {
    this.givenBack.dispose();
  }

  /** Most bytes of a message, besides its headers. */
  get maxBody(): number {
    return (this.connection.info?.max_payload ?? 1 << 20) - 4096;
  }

  subjectOf(kind: Kind, word: string): string {
    return `sluice.queue.${this.name}.${kind}.${word}`;
  }

  private streamOf(kind: Kind): string {
    return `sluice-queue-${this.name}-${kind}`;
  }

  /**
   * Keeps a message, unless the newest of its subject is another than `expected`.
   *
   * @returns its number; `undefined` when it was not kept
   */
  async put(
    kind: Kind,
    word: string,
    { text = '', decision }: { text?: string; decision?: Decision },
    expected?: number,
  ): Promise<number | undefined> {
    // Sent again with the same id, it is acknowledged and not kept again.
    const msgID = crypto.randomUUID();
    const head = headers();
    if (decision !== undefined) head.set(header, JSON.stringify(decision));
    const expect = {
      streamName: this.streamOf(kind),
      ...(expected === undefined ? {} : { lastSubjectSequence: expected }),
    };
    try {
      return await this.ask(async () => {
        const options = { headers: head, msgID, expect };
        return (await this.jetstream.publish(this.subjectOf(kind, word), text, options)).seq;
      });
    } catch (error) {
      if (isConflict(error)) return undefined;
      throw error;
    }
  }

  /** The newest message of a subject. */
  async last(kind: Kind, word: string): Promise<Stored | undefined> {
    const found = await this.ask(async (manager) => {
      return await manager.streams.getMessage(this.streamOf(kind), { last_by_subj: this.subjectOf(kind, word) });
    });
    return found === null ? undefined : storedOf(found.seq, found.subject, found.string(), found.header.last(header));
  }

  /** Removes what a subject holds. Answers whether there was something. */
  async purge(kind: Kind, word: string): Promise<boolean> {
    const filter = this.subjectOf(kind, word);
    const { purged } = await this.ask((manager) => manager.streams.purge(this.streamOf(kind), { filter }));
    return purged > 0;
  }

  /** Removes a job, if it is still there. */
  async remove(seq: number): Promise<void> {
    try {
      await this.ask((manager) => manager.streams.deleteMessage(this.streamOf('jobs'), seq));
    } catch (error) {
      // Somebody has removed it meanwhile.
      const { cause } = error as { cause?: { code?: number } };
      if (!notThere.has(cause?.code ?? 0)) throw error;
    }
  }

  /** A job as it was enqueued; `undefined` when it is over. */
  async body(seq: number): Promise<string | undefined> {
    return (await this.ask((manager) => manager.streams.getMessage(this.streamOf('jobs'), { seq })))?.string();
  }

  /** How many questions for a job are open; those of whom nothing is heard any more the server forgets when it counts. */
  async asking(): Promise<number> {
    return (await this.ask((manager) => manager.consumers.info(this.streamOf('jobs'), consumer))).num_waiting;
  }

  /** How many messages a stream has. */
  async size(kind: Kind): Promise<number> {
    return (await this.ask((manager) => manager.streams.info(this.streamOf(kind)))).state.messages;
  }

  /** How many jobs there are, and which. */
  async jobs(): Promise<{ readonly size: number; has(seq: number): boolean }> {
    const options = { deleted_details: true };
    const { state } = await this.ask((manager) => manager.streams.info(this.streamOf('jobs'), options));
    const removed = new Set(state.deleted);
    const has = (seq: number): boolean => seq >= state.first_seq && seq <= state.last_seq && !removed.has(seq);
    return { size: state.messages, has };
  }

  /** The messages of a stream, the oldest first, at most `limit`. */
  async list(kind: Kind, limit: number, withBodies: boolean): Promise<readonly Stored[]> {
    return await this.ask(async (manager) => {
      const stream = this.streamOf(kind);
      const info = await manager.consumers.add(stream, {
        deliver_policy: DeliverPolicy.All,
        ack_policy: AckPolicy.None,
        headers_only: !withBodies,
        mem_storage: true,
        num_replicas: 1,
        inactive_threshold: nanos(30_000),
      });
      const reading = this.jetstream.consumers.getConsumerFromInfo(info);
      try {
        const found: Stored[] = [];
        const wanted = Math.min(limit, info.num_pending);
        while (found.length < wanted) {
          const before = found.length;
          const count = Math.min(page, wanted - before);
          for await (const message of await reading.fetch({ max_messages: count, expires: answerMs })) {
            found.push(storedOf(message.seq, message.subject, message.string(), message.headers?.last(header)));
          }
          // Some may have been removed meanwhile.
          if (found.length === before) break;
        }
        return found;
      } finally {
        // If that fails, it is gone in half a minute.
        reading.delete().catch(() => {});
      }
    });
  }

  /** Has the next job delivered, within a time or now; `undefined` when there is none. */
  async pull(expiresMs: number): Promise<Delivery | undefined> {
    return await this.ask(async () => {
      // Silence may mean that there is no job, or no server: a question that is answered at once tells.
      const waited = expiresMs > 0 ? await this.question(expiresMs) : undefined;
      const message = waited ?? (await this.answered());
      const code = message.headers?.code ?? 0;
      if (code === 0) return readDelivery(message.reply ?? '', message.string());
      if (code === 404 || code === 408) return undefined;
      throw new Error(`${code} ${message.headers?.description}`);
    });
  }

  /** Asks for a job that is there now. Where nobody answers, the queue itself may have been removed. */
  private async answered(): Promise<Msg> {
    try {
      return (await this.question(0))!;
    } catch (error) {
      this.opening = undefined;
      throw error;
    }
  }

  /** Asks for a job. The server sometimes forgets to say that the time is over: then this is `undefined`. */
  private async question(expiresMs: number): Promise<Msg | undefined> {
    const when = expiresMs > 0 ? { expires: nanos(expiresMs) } : { no_wait: true };
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${this.streamOf('jobs')}.${consumer}`;
    // A job comes under its own subject: only a subscription of the question's own takes it for the answer. It stays long after anybody
    // waits: what this process only comes to hear later, because it stood still, would be nobody's until the lease is over.
    const options = { timeout: expiresMs + lingerMs, noMux: true };
    const coming = this.connection.request(subject, JSON.stringify({ batch: 1, ...when }), options);
    let timer: Subscription | undefined;
    let isLate = false;
    const late = new Promise<undefined>((resolve, reject) => {
      const giveUp = (): void => {
        isLate = true;
        if (expiresMs > 0) resolve(undefined);
        else reject(new Error('there was no answer in time'));
      };
      timer = this.scheduler.schedule(giveUp, expiresMs > 0 ? expiresMs + lateMs : answerMs);
    });
    const answered = async (): Promise<Msg | undefined> => {
      const message = await coming;
      // A job that comes now goes to whoever asks next.
      if (isLate && message.reply) void this.giveBack(readDelivery(message.reply, ''), 0);
      return message;
    };
    try {
      return await Promise.race([answered(), late]);
    } finally {
      timer?.unsubscribe();
    }
  }

  /** Has a job delivered again, after a wait. */
  async giveBack(delivery: Delivery, delayMs: number): Promise<void> {
    this.givenBack.watch(delivery, delayMs);
    await this.settle(
      delivery,
      delayMs === 0 ? '-NAK' : `-NAK ${JSON.stringify({ delay: Math.ceil(delayMs) * 1_000_000 })}`,
    );
  }

  /** Tells the server what becomes of a delivery. Should that fail, it delivers again, and who gets it sees what was decided. */
  async settle({ reply }: Pick<Delivery, 'reply'>, word: string): Promise<void> {
    await this.connection.request(reply, word, { timeout: answerMs }).catch((): Msg | undefined => undefined);
  }

  /** Tells the server that a delivery is still worked on. */
  extend({ reply }: Delivery): void {
    this.connection.publish(reply, '+WPI');
  }

  private ask<T>(work: (manager: JetStreamManager) => Promise<T>): Promise<T> {
    const anew = (): void => void (this.opening = undefined);
    return this.caller.persist(async () => work(await this.open()), anew);
  }

  private open(): Promise<JetStreamManager> {
    const opening = (this.opening ??= this.setUp());
    opening.catch(() => {
      if (this.opening === opening) this.opening = undefined;
    });
    return opening;
  }

  private async setUp(): Promise<JetStreamManager> {
    const manager = await this.jetstream.jetstreamManager(false);
    const { maxJobs, maxDead, leaseMs } = this.rules;
    await this.make(manager, 'jobs', {
      retention: RetentionPolicy.Workqueue,
      discard: DiscardPolicy.New,
      max_msgs: maxJobs,
    });
    await this.make(manager, 'claims', { max_msgs_per_subject: 1 });
    await this.make(manager, 'dead', { max_msgs_per_subject: 1, discard: DiscardPolicy.Old, max_msgs: maxDead });
    // Where it is there already, this changes its lease.
    await manager.consumers.add(this.streamOf('jobs'), {
      durable_name: consumer,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(leaseMs),
      // How often a job is tried is decided by what is kept of it.
      max_deliver: -1,
      max_ack_pending: -1,
      max_waiting: 10_000,
    });
    return manager;
  }

  /** Makes a stream, or sees that the one there is serves, with the bounds that are wanted now. */
  private async make(manager: JetStreamManager, kind: Kind, own: Partial<StreamConfig>): Promise<void> {
    const name = this.streamOf(kind);
    const wanted = {
      name,
      description,
      subjects: [this.subjectOf(kind, '*')],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      num_replicas: this.replicas,
      ...own,
    };
    let config: StreamConfig;
    try {
      ({ config } = await manager.streams.info(name));
    } catch (error) {
      if ((error as { code?: unknown }).code !== 10_059) throw error;
      ({ config } = await manager.streams.add(wanted));
    }
    const differs = config.description !== description || config.retention !== wanted.retention;
    if (differs || config.max_age > 0 || config.subjects.join() !== wanted.subjects.join()) {
      throw new StreamError('queue-incompatible', `the JetStream stream "${name}" is not of a queue of this version`);
    }
    if (own.max_msgs !== undefined && config.max_msgs !== own.max_msgs) await manager.streams.update(name, wanted);
  }
}

function storedOf(seq: number, subject: string, text: string, decision: string | undefined): Stored {
  return { seq, subject, text, decision: decision ? readDecision(decision) : undefined };
}
