import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  type MsgRequest,
  RetentionPolicy,
  type StreamConfig,
  StorageType,
} from '@nats-io/jetstream';
import { headers, type MsgHdrs, type NatsConnection, nanos } from '@nats-io/transport-node';
import { type EncodedChunk, StreamError } from '../../chunk/index.js';
import type { MaybePromise } from '../log.js';
import { AnswerLost, isConflict, type NatsCaller } from './caller.js';
import { type Parts, readState, stateHeader, type StreamMessage, writeBody, writeState } from './message.js';
import type { StreamState } from './state.js';
import type { NatsSubjects } from './subjects.js';

/** @internal How the stream in JetStream is made that holds the log. */
export interface StoreOptions {
  readonly replicas: number;
  /** `-1` for no bound. */
  readonly maxTotalBytes: number;
}

/** @internal A message to be kept. */
export interface Draft {
  readonly state: StreamState;
  readonly chunks: readonly EncodedChunk[];
  /** How many chunks are kept with it. Default: all; none with a part. */
  readonly count?: number;
  readonly parts?: Parts | undefined;
}

/** @internal Which messages {@link NatsStore.scan} visits. */
export interface Scan {
  readonly subject: string;
  /** From this one on; without it the newest of every subject, and only what it says of the stream. */
  readonly from?: number;
}

interface Stored {
  readonly seq: number;
  readonly header: MsgHdrs;
  readonly data: Uint8Array;
}

/** Says what wrote the stream, and how; it must change when older versions cannot read it. */
const description = 'a log of sluice, version 1';
/** Messages that are asked for at once. */
const page = 256;
/** Bytes of a message besides its chunks: a header, which JetStream bounds at 64 KiB, and a bit. */
const headRoom = 68 * 1024;

/** @internal The log's one stream in JetStream: messages with a subject for each of our streams. */
export class NatsStore {
  private readonly jetstream: JetStreamClient;
  private opening: Promise<JetStreamManager> | undefined;
  /** Whether reads may be answered without the leader, which is quick. With replicas others may lag behind. */
  private direct = true;

  constructor(
    private readonly connection: NatsConnection,
    private readonly caller: NatsCaller,
    readonly subjects: NatsSubjects,
    private readonly options: StoreOptions,
  ) {
    this.jetstream = jetstream(connection, { timeout: caller.timeoutMs });
  }

  /** Most bytes of chunks in one message. */
  get maxBody(): number {
    return (this.connection.info?.max_payload ?? 1 << 20) - headRoom;
  }

  /** The newest message of a stream. */
  async last(streamId: string): Promise<StreamMessage | undefined> {
    return await this.message(streamId, { last_by_subj: this.subjects.of(streamId) });
  }

  /** The first message of a stream with this number or a higher one. */
  async atOrBehind(streamId: string, seq: number): Promise<StreamMessage | undefined> {
    return await this.message(streamId, { next_by_subj: this.subjects.of(streamId), seq } as object as MsgRequest);
  }

  private async message(streamId: string, query: MsgRequest): Promise<StreamMessage | undefined> {
    const { prefix } = this.subjects;
    const stored = await this.ask(async (manager) => {
      return await this.caller.answer((this.direct ? manager.direct : manager.streams).getMessage(prefix, query));
    }, streamId);
    return stored === null ? undefined : messageOf(streamId, stored);
  }

  /**
   * Keeps a message, unless the newest of its subject is another than `expected`.
   *
   * @returns the message's number, `undefined` when it was not kept; rejects with {@link AnswerLost} when nobody knows
   */
  async publish(
    streamId: string,
    { state, chunks, count = chunks.length, parts }: Draft,
    expected: number,
    id: string,
  ): Promise<number | undefined> {
    const text = writeState(state, count, parts);
    const body = writeBody(chunks);
    try {
      return await this.askAnyhow(async () => {
        const head = headers();
        head.set(stateHeader, text);
        const expect = { streamName: this.subjects.prefix, lastSubjectSequence: expected };
        // Sent again with the same id, it is acknowledged and not kept again.
        const options = { headers: head, msgID: id, expect };
        const ack = await this.caller.answer(this.jetstream.publish(this.subjects.of(streamId), body, options));
        return ack.seq;
      }, streamId);
    } catch (error) {
      if (error instanceof StreamError && isConflict(error.cause)) return undefined;
      throw error;
    }
  }

  /** Removes the messages of a stream below `seq`. */
  async purge(streamId: string, seq: number): Promise<void> {
    const { prefix } = this.subjects;
    const filter = this.subjects.of(streamId);
    await this.ask((manager) => manager.streams.purge(prefix, { filter, seq }), streamId);
  }

  /** Visits messages in order, until there are no more or `visit` answers `false`. It may begin anew after a failure. */
  async scan(
    { subject, from }: Scan,
    visit: (streamId: string, message: StreamMessage) => MaybePromise<boolean>,
  ): Promise<void> {
    let next = from;
    await this.ask(async (manager) => {
      const start =
        next === undefined
          ? { deliver_policy: DeliverPolicy.LastPerSubject, headers_only: true }
          : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: next };
      const info = await manager.consumers.add(this.subjects.prefix, {
        ...start,
        filter_subject: subject,
        ack_policy: AckPolicy.None,
        mem_storage: true,
        num_replicas: 1,
        inactive_threshold: nanos(30_000),
      });
      const consumer = this.jetstream.consumers.getConsumerFromInfo(info);
      try {
        for (let pending = info.num_pending; pending > 0;) {
          const count = Math.min(pending, page);
          let received = 0;
          for await (const message of await consumer.fetch({ max_messages: count, expires: 1000 })) {
            received++;
            const streamId = this.subjects.streamOf(message.subject);
            const stored = { seq: message.seq, header: message.headers!, data: message.data };
            if (from !== undefined) next = message.seq + 1;
            if (!(await visit(streamId, messageOf(streamId, stored)))) return;
          }
          if (received < count) throw new Error('the server has not sent what it has');
          pending -= count;
        }
      } finally {
        // If that fails, it is gone in half a minute.
        consumer.delete().catch(() => {});
      }
    });
  }

  /** As {@link askAnyhow}, for what may always be done once more. */
  private async ask<T>(work: (manager: JetStreamManager) => Promise<T>, streamId?: string): Promise<T> {
    try {
      return await this.askAnyhow(work, streamId);
    } catch (error) {
      throw error instanceof AnswerLost ? error.cause : error;
    }
  }

  private askAnyhow<T>(work: (manager: JetStreamManager) => Promise<T>, streamId?: string): Promise<T> {
    const anew = (): void => void (this.opening = undefined);
    return this.caller.persist(async () => work(await this.open()), streamId, anew);
  }

  private open(): Promise<JetStreamManager> {
    const opening = (this.opening ??= this.setUp());
    opening.catch(() => {
      if (this.opening === opening) this.opening = undefined;
    });
    return opening;
  }

  /** Makes the stream, if it is not there. */
  private async setUp(): Promise<JetStreamManager> {
    const manager = await this.jetstream.jetstreamManager(false);
    const { replicas, maxTotalBytes } = this.options;
    const { prefix, all, allTold } = this.subjects;
    let config: StreamConfig;
    try {
      ({ config } = await manager.streams.info(prefix));
    } catch (error) {
      if ((error as { code?: unknown }).code !== 10_059) throw error;
      ({ config } = await manager.streams.add({
        name: prefix,
        description,
        subjects: [all],
        storage: StorageType.File,
        retention: RetentionPolicy.Limits,
        discard: DiscardPolicy.New,
        max_bytes: maxTotalBytes,
        num_replicas: replicas,
        allow_direct: replicas === 1,
        // Tells who watches, once a message is kept.
        republish: { src: all, dest: allTold, headers_only: true },
      }));
    }
    checkStream(config, this.subjects);
    this.direct = config.allow_direct && config.num_replicas === 1;
    return manager;
  }
}

/** The stream may have been made by hand, or by another version: it must lose nothing, and tell who watches. */
function checkStream(config: StreamConfig, { prefix, all, allTold }: NatsSubjects): void {
  const bounded = config.max_msgs > 0 || config.max_bytes > 0;
  const problems = [
    config.description !== description && `its description is not "${description}"`,
    (config.subjects.length !== 1 || config.subjects[0] !== all) && `its subjects are not ${all}`,
    (config.max_age > 0 || config.max_msgs_per_subject > 0 || (bounded && config.discard !== DiscardPolicy.New)) &&
      'its limits drop what is kept',
    config.retention !== RetentionPolicy.Limits && 'its retention drops what is kept',
    config.republish?.dest !== allTold && `it does not republish to ${allTold}`,
  ].filter((problem) => problem !== false);
  if (problems.length === 0) return;
  throw new StreamError('log-incompatible', `the JetStream stream "${prefix}" is no log: ${problems.join(', ')}`);
}

function messageOf(streamId: string, { seq, header, data }: Stored): StreamMessage {
  return { seq, body: data, ...readState(streamId, header?.last(stateHeader)) };
}
