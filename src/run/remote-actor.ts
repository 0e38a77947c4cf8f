import type { Subscriber } from 'rxjs';
import { actorPayloads, checkBound, type JsonValue, StreamError, toStreamError } from '../chunk/index.js';
import { createFlow, type Flow } from '../flow/index.js';
import type { Queue } from '../queue/queue.js';
import { staleKey, type Streams } from '../streams/index.js';
import type { Actor, ActorKinds, CallOptions } from './actor.js';
import { type ActorChunk, calledOff, errorChunk, isActorEnd } from './actor-chunk.js';
import { ActorStream } from './actor-stream.js';
import { callStream } from './call.js';
import { reasonOf } from './call-log.js';

/** Options of {@link remoteActor}. */
export interface RemoteActorOptions {
  /**
   * What becomes of a call that nobody here listens to any more: it is cancelled, or goes on for whoever joins it by its id. A
   * process that dies cancels nothing. Default `cancel`.
   */
  readonly onUnsubscribe?: 'cancel' | 'leave';
  /** How often a call is tried whose workers die. Default: as the queue says. */
  readonly maxAttempts?: number;
  /** How long the stream of a call is kept behind its end. Default 3 600 000, an hour. */
  readonly keepMs?: number;
  /** How long a call may say nothing, waiting for a worker included, where a sweeper looks. Default 86 400 000, a day. */
  readonly staleMs?: number;
  /** Which session the streams of calls belong to. */
  readonly session?: string;
  /** Checks chunks: with kinds of your own, where the actor says such. Default `actorPayloads`. */
  readonly payloads?: ActorKinds;
}

/** An actor that others serve. */
export interface RemoteActor<in I, T, O> extends Actor<I, T, O> {
  /** What a call says that was made here or elsewhere, from its beginning. Leaving it does not cancel it. */
  follow(id: string): ActorStream<T, O>;
  /** Cancels a call, whoever made it: kept, until its worker hears it. Does nothing to one that has ended. */
  cancel(id: string, reason?: string): Promise<void>;
}

/**
 * Calls an actor that workers serve through a queue (`serveActors`). What it says comes through the log, so that readers of the
 * call's stream (`callStream`) see the same, wherever they are.
 *
 * A call outlives its worker: another begins it anew, and a `start` with a higher `attempt` says that all before it does not
 * count. It ends with exactly one `complete` or `error`.
 *
 * @example
 * const writer = remoteActor<string, string, string>(queue, streams, 'writer');
 * await writer.execute('What is a sluice?');
 */
export function remoteActor<I = JsonValue, T = JsonValue, O = JsonValue>(
  queue: Queue,
  streams: Streams,
  name: string,
  options: RemoteActorOptions = {},
): RemoteActor<I, T, O> {
  callStream(name, 'id');
  const { onUnsubscribe = 'cancel', maxAttempts, keepMs = 3_600_000, staleMs = 86_400_000 } = options;
  if (onUnsubscribe !== 'cancel' && onUnsubscribe !== 'leave') {
    throw new TypeError('onUnsubscribe must be "cancel" or "leave"');
  }
  if (maxAttempts !== undefined) checkBound('maxAttempts', maxAttempts);
  checkBound('keepMs', keepMs, { min: 0, infinite: true });
  checkBound('staleMs', staleMs, { infinite: true });
  return new QueuedActor(queue, streams, name, { ...options, onUnsubscribe, keepMs, staleMs });
}

type Settled = RemoteActorOptions & Required<Pick<RemoteActorOptions, 'onUnsubscribe' | 'keepMs' | 'staleMs'>>;

class QueuedActor<I, T, O> implements RemoteActor<I, T, O> {
  constructor(
    private readonly queue: Queue,
    private readonly streams: Streams,
    readonly name: string,
    private readonly options: Settled,
  ) {}

  stream(input: I, { id = crypto.randomUUID(), signal }: CallOptions = {}): ActorStream<T, O> {
    const streamId = callStream(this.name, id);
    const enqueue = async (isNew: boolean): Promise<void> => {
      // The stream first: who cancels it before a worker has the job must be heard.
      if (isNew) await this.create(streamId);
      await this.enqueue(streamId, id, input as JsonValue);
    };
    const leave = this.options.onUnsubscribe === 'leave' ? undefined : () => this.callOff(streamId, undefined);
    return this.read(streamId, enqueue, { signal, leave });
  }

  async execute(input: I, options?: CallOptions): Promise<O> {
    return await this.stream(input, options).output();
  }

  follow(id: string): ActorStream<T, O> {
    return this.read(callStream(this.name, id), undefined, {});
  }

  async cancel(id: string, reason?: string): Promise<void> {
    await this.streams.cancel(callStream(this.name, id), reason);
  }

  private async create(streamId: string): Promise<void> {
    const { keepMs: ttlMs, staleMs, session } = this.options;
    await this.streams.create(streamId, {
      contentType: 'application/json',
      source: this.name,
      ttlMs,
      metadata: { [staleKey]: staleMs === Infinity ? null : staleMs },
      ...(session === undefined ? {} : { session }),
    });
  }

  private async enqueue(streamId: string, id: string, input: JsonValue | undefined): Promise<void> {
    const { maxAttempts } = this.options;
    const payload = { actor: this.name, id, ...(input === undefined ? {} : { input }) };
    try {
      await this.queue.enqueue(payload, { id: streamId, ...(maxAttempts === undefined ? {} : { maxAttempts }) });
    } catch (error) {
      // It may be in the queue all the same: then whoever gets it finds that it is over.
      const { message } = toStreamError(error, 'queue-unavailable');
      await this.streams.close(streamId, 'failed', reasonOf(message));
      throw error;
    }
  }

  private read(
    streamId: string,
    enqueue: ReadingParts['enqueue'],
    { signal, leave }: Partial<Pick<ReadingParts, 'signal' | 'leave'>>,
  ): ActorStream<T, O> {
    const { streams } = this;
    const { payloads = actorPayloads } = this.options;
    const flow = createFlow();
    const parts = { streams, streamId, payloads, flow, signal, enqueue, leave };
    const cancel = (reason: string): void => this.callOff(streamId, reason);
    return new ActorStream<T, O>((destination) => {
      new Reading({ ...parts, cancel }, destination as Subscriber<never>).begin();
    }, flow);
  }

  /** As well as can be done: a worker that is not told finds out when it writes. */
  private callOff(streamId: string, reason: string | undefined): void {
    const cancel = async (): Promise<void> => {
      await this.streams.cancel(streamId, reason);
      await this.queue.remove(streamId);
    };
    cancel().catch(() => {});
  }
}

interface ReadingParts {
  readonly streams: Streams;
  readonly streamId: string;
  readonly payloads: ActorKinds;
  readonly flow: Flow;
  readonly signal: AbortSignal | undefined;
  /** Makes the call, for who does not only follow it. One that was made is made again: its caller may have died over it. */
  readonly enqueue: ((isNew: boolean) => Promise<void>) | undefined;
  /** Called when nobody listens any more. */
  readonly leave: (() => void) | undefined;
  cancel(reason: string): void;
}

/** One who listens to a call. */
class Reading {
  private ended = false;
  /** What is to be done about the call once it is made. */
  private later: (() => void) | undefined;

  constructor(
    private readonly parts: ReadingParts,
    private readonly destination: Subscriber<ActorChunk>,
  ) {}

  begin(): void {
    const { destination, parts } = this;
    const { signal, leave } = parts;
    destination.add(() => {
      if (!this.ended) this.now(leave);
    });
    if (signal !== undefined) {
      const abort = (): void => {
        const error = calledOff(signal.reason);
        this.now(() => parts.cancel(error.message));
        this.end(errorChunk(error));
      };
      if (signal.aborted) return this.end(errorChunk(calledOff(signal.reason)));
      signal.addEventListener('abort', abort);
      destination.add(() => signal.removeEventListener('abort', abort));
    }
    void this.open();
  }

  private now(work: (() => void) | undefined): void {
    this.later = work;
    work?.();
  }

  private async open(): Promise<void> {
    const { streams, streamId, flow } = this.parts;
    try {
      await this.call();
    } catch (error) {
      return this.end(errorChunk(error));
    }
    // It was given up while it was being made: then nothing was there to be cancelled.
    if (this.destination.closed) return this.later?.();
    this.destination.add(
      streams.receive(streamId, { flow }).subscribe({
        next: ({ data }) => this.hear(data),
        error: (error) => this.end(errorChunk(endOf(error))),
        complete: () => this.end({ type: 'complete' }),
      }),
    );
  }

  /** Makes the call, unless it was made before and is over. */
  private async call(): Promise<void> {
    const { streams, streamId, enqueue } = this.parts;
    if (enqueue === undefined) return;
    const info = await streams.info(streamId);
    if (info === undefined || info.status === 'active') await enqueue(info === undefined);
  }

  private hear(data: unknown): void {
    let chunk: ActorChunk;
    try {
      chunk = this.parts.payloads.parse(data) as ActorChunk;
    } catch (error) {
      // Whoever serves the actor speaks another language: what it says further is of no use here.
      this.now(this.parts.leave);
      return this.end(errorChunk(error));
    }
    if (isActorEnd(chunk)) this.end(chunk);
    else this.destination.next(chunk);
  }

  private end(chunk: ActorChunk): void {
    this.ended = true;
    this.destination.next(chunk);
    this.destination.complete();
  }
}

/** How a call ended of which the log says that it did. */
function endOf(error: unknown): unknown {
  const isCancelled = error instanceof StreamError && error.code === 'stream-cancelled';
  return isCancelled ? new StreamError('run-cancelled', error.message, { cause: error }) : error;
}
