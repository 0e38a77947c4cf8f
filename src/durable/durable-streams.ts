import { asyncScheduler, type SchedulerLike } from 'rxjs';
import type { Action } from '../auth/auth.js';
import type { Quotas } from '../auth/quotas.js';
import { checkBound, checkName, kindOf, StreamError } from '../chunk/index.js';
import { type MaybePromise, orElse, whenReady } from '../log/log.js';
import type { Refusals } from '../probe/index.js';
import type { Access, Streams } from '../streams/index.js';
import { Appender, readAppend } from './append.js';
import { Asker } from './asker.js';
import { Bodies } from './bodies.js';
import { Counted } from './counted.js';
import { Creator, readWish } from './create.js';
import { chunkTypeOf } from './media-type.js';
import { readRead, Reads, type ReadWish } from './read.js';
import { Registry } from './registry.js';
import { answer, answerError, reasonOf, Refusal, type Reply } from './reply.js';
import { type DurableRequest, isBook, isControl, isLarge, isOurs, readTarget } from './request.js';
import { baseOf, madeOf, type StreamRecord } from './stream-record.js';
import { Subscriptions } from './subscription/subscriptions.js';
import type { Webhooks } from './subscription/webhooks.js';
import type { Follower } from './groups.js';
import { Tail } from './tail.js';
import { type TailTiming, tailTiming } from './tail-timing.js';
import { WriterSequences } from './writer-sequences.js';

/** Options of {@link createDurableStreams}. */
export interface DurableStreamsOptions {
  /** The streams to serve. */
  readonly streams: Streams;
  /** How long a long-poll waits, in milliseconds. Default 20 000. */
  readonly longPollTimeoutMs?: number;
  /** How long an SSE answer lasts before its reader has to come again, in milliseconds, and up to a tenth more. Default 60 000. */
  readonly eventStreamMs?: number;
  /** How long nothing is sent over SSE before a comment shows that the connection lives, in milliseconds. Default 15 000. */
  readonly heartbeatMs?: number;
  /** Bytes one body may have; more is 413. Default 16 MiB. */
  readonly maxBodyBytes?: number;
  /** Bytes all bodies that are being received may have; more is 503. Default 256 MiB. */
  readonly maxPendingBytes?: number;
  /** Messages one JSON array may hold; more is 413. Default 100 000. */
  readonly maxMessages?: number;
  /** Who may keep what was read: caches for everybody, or the reader alone. Default `private`. */
  readonly cache?: 'public' | 'private';
  /** Keys for subscriptions, and a way to call webhooks: `nodeWebhooks` makes both. Default: there are no subscriptions. */
  readonly webhooks?: Webhooks;
  /** Says who may do what: `createAccess` makes it. Default: everybody everything. */
  readonly access?: Access;
  /** How much each may do. Default: without end. */
  readonly quotas?: Quotas;
  /** Counts what is refused. */
  readonly refusals?: Pick<Refusals, 'count'>;
  /** Clock and timers. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
  /** From 0 to less than 1. Default `Math.random`. */
  readonly random?: () => number;
}

/** A server of the Durable Streams protocol, without a socket: requests in, replies out. */
export interface DurableStreams {
  /** Answers a request, at once where there is nothing to wait for. Never throws nor rejects. */
  handle(request: DurableRequest): MaybePromise<Reply>;
  /** Ends what waits and follows. The streams stay. */
  dispose(): void;
}

const mebibyte = 1 << 20;
/** Where subscriptions are kept: who may see or change those may do everything. */
const books = 'sluice/server/subscriptions';
/** What a worker of a subscription does, with a token that it was given with its work. */
const ofWorkers: ReadonlySet<string> = new Set(['callback', 'ack', 'release']);

/**
 * Makes a server of the Durable Streams protocol over streams. Shells make it one of HTTP: `nodeHandler` and `webHandler`.
 *
 * @example
 * const durable = createDurableStreams({ streams });
 * createServer(nodeHandler(durable, { path: '/v1/stream/' })).listen(4437);
 */
export function createDurableStreams(options: DurableStreamsOptions): DurableStreams {
  const { quotas, refusals } = options;
  const door = new Door(options);
  return quotas === undefined ? door : new Counted(door, quotas, refusals);
}

const allowed = 'GET, HEAD, POST, PUT, DELETE, OPTIONS';

class Door implements DurableStreams {
  private readonly registry: Registry;
  private readonly appender: Appender;
  private readonly reads: Reads;
  private readonly bodies: Bodies;
  private readonly subscriptions: Subscriptions | undefined;
  private readonly tails = new Map<string, Tail>();
  private readonly scheduler: SchedulerLike;
  private readonly timing: TailTiming;
  private readonly maxMessages: number;
  private readonly now = (): number => this.scheduler.now();

  constructor(private readonly options: DurableStreamsOptions) {
    const { streams, cache = 'private', random = Math.random } = options;
    if (cache !== 'public' && cache !== 'private') {
      throw new RangeError(`cache must be "public" or "private", got ${kindOf(cache)}`);
    }
    this.maxMessages = checkBound('maxMessages', options.maxMessages ?? 100_000);
    const scheduler = (this.scheduler = options.scheduler ?? asyncScheduler);
    this.timing = tailTiming(options.scheduler);
    this.bodies = new Bodies(
      checkBound('maxBodyBytes', options.maxBodyBytes ?? 16 * mebibyte),
      checkBound('maxPendingBytes', options.maxPendingBytes ?? 256 * mebibyte),
    );
    this.registry = new Registry({ streams, scheduler, isFollowed: (name) => this.tails.has(name) });
    const sequences = new WriterSequences(streams);
    this.appender = new Appender({
      streams,
      registry: this.registry,
      sequences,
      now: this.now,
      maxMessages: this.maxMessages,
    });
    this.reads = new Reads({
      log: streams.log,
      join: (record, follower) => this.join(record, follower),
      scheduler,
      random,
      longPollTimeoutMs: checkBound('longPollTimeoutMs', options.longPollTimeoutMs ?? 20_000),
      eventStreamMs: checkBound('eventStreamMs', options.eventStreamMs ?? 60_000),
      heartbeatMs: checkBound('heartbeatMs', options.heartbeatMs ?? 15_000),
      cache,
    });
    const { registry, bodies } = this;
    const { webhooks } = options;
    if (webhooks !== undefined) {
      const refused = (error: Refusal): void => this.count(error, error.status);
      this.subscriptions = new Subscriptions({ streams, registry, scheduler, random, webhooks, refused }, bodies);
      void this.subscriptions.begin();
    }
    // Streams whose time is over are also found when they are asked for.
    this.registry.begin().catch(() => {});
  }

  handle(request: DurableRequest): MaybePromise<Reply> {
    return orElse(() => this.route(request), this.refuse);
  }

  private readonly refuse = (error: unknown): Reply => {
    const reply = answerError(error);
    this.count(error, reply.status);
    return reply;
  };

  private count(error: unknown, status: number): void {
    const reason = reasonOf(error, status);
    if (reason !== undefined) this.options.refusals?.count(reason);
  }

  private route(request: DurableRequest): MaybePromise<Reply> {
    const { path, control, query } = readTarget(request.target, request.path);
    if (control !== undefined) return this.control(control, request);
    const name = checkName(path);
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (isOurs(name) && (isControl(name) || isBook(name) || !isRead)) {
      throw new Refusal(403, 'name-reserved', 'what is below "sluice" and "__ds" is for the server itself');
    }
    switch (request.method) {
      case 'POST':
        return this.append(name, request);
      case 'GET':
        return this.read(name, readRead(query), request);
      case 'HEAD':
        return whenReady(this.found(name, 'read', request), (record) => this.reads.head(record));
      case 'PUT':
        return this.create(name, request);
      case 'DELETE':
        return this.delete(name, request);
      default:
        throw new Refusal(405, 'method-not-allowed', `this is done with one of ${allowed}`, { allow: allowed });
    }
  }

  /** A stream that is there, of which somebody may do that. Who may not is not told whether it is. */
  private found(name: string, action: Action, request: DurableRequest): MaybePromise<StreamRecord> {
    return whenReady(this.registry.find(name), (record) =>
      whenReady(this.askerOf(request).check(action, name, record?.info), () => record ?? this.registry.refuse(name)),
    );
  }

  private askerOf({ principal }: DurableRequest): Asker {
    return new Asker(this.options.access, principal, this.now);
  }

  private control(segments: readonly string[], request: DurableRequest): MaybePromise<Reply> {
    const [area, , word = ''] = segments;
    const isOpen = area === 'jwks.json' || ofWorkers.has(word);
    const may = isOpen ? undefined : this.askerOf(request).check('admin', books, undefined);
    return whenReady(may, () => {
      if (this.subscriptions !== undefined) return this.subscriptions.handle(segments, request);
      throw new Refusal(501, 'not-implemented', 'this server has no subscriptions');
    });
  }

  private read(name: string, wish: ReadWish, request: DurableRequest): MaybePromise<Reply> {
    return whenReady(this.found(name, 'read', request), (record) => {
      this.registry.touch(record);
      return this.reads.read(record, wish, request, this.askerOf(request).restMs);
    });
  }

  private append(name: string, request: DurableRequest): MaybePromise<Reply> {
    const wish = readAppend(request);
    const receive = (): MaybePromise<Reply> =>
      this.bodies.with(request, (body) =>
        // Asked when it is written: while a body comes slowly, much may become of its stream.
        whenReady(this.found(name, 'publish', request), (record) => this.appender.append(record, wish, body, request)),
      );
    // Before the body, so that what goes nowhere is not received.
    return isLarge(request) ? whenReady(this.found(name, 'publish', request), receive) : receive();
  }

  private async create(name: string, request: DurableRequest): Promise<Reply> {
    const wish = readWish(request);
    const { streams } = this.options;
    const { registry, maxMessages } = this;
    const asker = this.askerOf(request);
    const creator = new Creator({
      streams,
      registry,
      now: this.now,
      rootPath: request.path,
      maxMessages,
      asker,
      count: (chunks) => request.count?.(chunks),
    });
    const url = request.origin + request.path + name.split('/').map(encodeURIComponent).join('/');
    if (isLarge(request)) {
      const known = await registry.find(name);
      await asker.check(known === undefined ? 'create' : 'read', name, known?.info);
    }
    return await this.bodies.with(request, (body) => creator.create(name, wish, body, url));
  }

  private async delete(name: string, request: DurableRequest): Promise<Reply> {
    const { info } = await this.found(name, 'delete', request);
    return await this.registry.change(name, async () => {
      const record = await this.registry.lookAlive(name);
      // Another of its name may be somebody else's.
      if (record?.info.life !== info.life) return await this.registry.refuse(name);
      await this.registry.remove(record);
      return answer(204);
    });
  }

  /** The tail of a stream, for one follower more. */
  private join(record: StreamRecord, follower: Follower): Tail {
    const tail = this.tailOf(record);
    tail.add(follower);
    return tail;
  }

  private tailOf(record: StreamRecord): Tail {
    const stream = madeOf(record);
    const { name } = stream;
    const known = this.tails.get(name);
    if (known?.stream.life === stream.life) return known;
    known?.close(new StreamError('stream-not-found', `the stream "${name}" was removed`, { streamId: name }));
    const form = { type: chunkTypeOf(record.mediaType), base: baseOf(record) };
    const tail = new Tail(stream, form, this.options.streams.log, this.timing, () => void this.tails.delete(name));
    this.tails.set(name, tail);
    return tail;
  }

  dispose(): void {
    const error = new StreamError('log-unavailable', 'the server is closing');
    for (const tail of [...this.tails.values()]) tail.close(error);
    this.subscriptions?.dispose();
    this.registry.dispose();
  }
}
