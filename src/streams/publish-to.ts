import type { OperatorFunction, Subscriber } from 'rxjs';
import { operate, Stage } from '../../operators/operate.js';
import { Ring } from '../../operators/ring.js';
import { checkBound, checkName, type ChunkBody, StreamError, type StreamInfo, toStreamError } from '../chunk/index.js';
import type { Flow } from '../flow/index.js';
import type { Appended, AppendOptions, Close, MaybePromise, Producer } from '../log/log.js';
import { holdLease, type Lease, maxLeaseMs } from './lease.js';
import type { Readers } from './readers.js';
import { Unread } from './unread.js';

/** What is known once chunks are kept. */
export type Published = Pick<Appended, 'next'>;

/** Whatever chunks can be published to: `Streams` in this process, a client of a server elsewhere. */
export interface PublishTarget {
  publish(streamId: string, chunks: readonly ChunkBody[], options?: AppendOptions): Promise<Published>;
  /** How far those are who read, where that is known. */
  readonly readers?: Readers;
  /** What is known of a stream, where that can be asked. */
  info?(streamId: string): MaybePromise<StreamInfo | undefined>;
}

/** Longest reason a stream's end may have, in characters. */
const maxReason = 1024;

/** Options of {@link publishTo}. */
export interface PublishToOptions {
  /** Most chunks waiting while an append is under way. One more is an `overflow`. Default 65 536. */
  readonly capacity?: number;
  /** Most chunks appended at once. Default 256. */
  readonly maxBatch?: number;
  /** End the stream when the source ends: `completed`, or `failed` with the error's message. Default `true`. */
  readonly close?: boolean;
  /** Who produces: makes appends idempotent. Numbers are counted from `seq`. Default: none. */
  readonly producer?: Producer;
  /**
   * The flow of the pipeline: its sources stop while readers are behind, or appends take their time. A stream that nobody
   * reads stops nobody; through a client only appends are waited for.
   */
  readonly flow?: Flow;
  /**
   * With a `producer`: holds a lease for as long as the source lasts, and lets a reaper end the stream within this time when
   * this process dies; see `holdLease`. Default: none.
   */
  readonly leaseMs?: number;
  /** With a `flow`: most chunks published that the slowest reader has not got. Default 256. */
  readonly window?: number;
}

/**
 * Publishes the chunks of a pipeline, one append at a time: what arrives meanwhile waits and goes together.
 *
 * **Emits** the stream's next number after every append, in order.
 * **Errors** as the target does; `overflow` when more than `capacity` wait; `backpressure-broken` when a `flow` cannot stop what
 * comes. The source's own error is passed on after the
 * stream was ended as `failed`.
 * **Completes** when the source has completed and the last append, with the stream's end, is kept.
 * **Holds** at most `capacity` chunks, and the batch under way; with a `flow` at most `window` and as much tolerance.
 *
 * @example
 * words$.pipe(stamp({ streamId: 'books/moby-dick' }), publishTo(streams, 'books/moby-dick')).subscribe();
 */
export function publishTo(
  target: PublishTarget,
  streamId: string,
  options: PublishToOptions = {},
): OperatorFunction<ChunkBody, Published> {
  checkName(streamId);
  const capacity = checkBound('capacity', options.capacity ?? 65_536);
  const maxBatch = checkBound('maxBatch', options.maxBatch ?? 256);
  const window = checkBound('window', options.window ?? 256);
  const { producer, leaseMs } = options;
  if (leaseMs !== undefined && producer === undefined) throw new TypeError('leaseMs needs a producer to be told by');
  if (leaseMs !== undefined) checkBound('leaseMs', leaseMs, { max: maxLeaseMs });
  const settled = { ...options, capacity, maxBatch, window };
  return operate((destination) => new Publisher(destination, target, streamId, settled));
}

type Settled = PublishToOptions & { readonly capacity: number; readonly maxBatch: number; readonly window: number };

class Publisher extends Stage<ChunkBody, Published> {
  private readonly waiting: Ring<ChunkBody>;
  private readonly unread: Unread | undefined;
  private readonly lease: Lease | undefined;
  private busy = false;
  private ended = false;
  private failure: { readonly error: unknown } | undefined = undefined;
  private seq: number;

  constructor(
    destination: Subscriber<Published>,
    private readonly target: PublishTarget,
    private readonly streamId: string,
    private readonly options: Settled,
  ) {
    super(destination);
    this.waiting = new Ring(options.capacity);
    const { flow, window, producer, leaseMs } = options;
    this.seq = producer?.seq ?? 0;
    if (leaseMs !== undefined) {
      this.lease = holdLease(target, streamId, { producer: producer!, leaseMs, kept: () => this.seq });
    }
    if (flow !== undefined) this.unread = new Unread(flow, window, streamId, target.readers);
  }

  protected override _next(chunk: ChunkBody): void {
    const { streamId, options } = this;
    if (this.waiting.full) {
      const message = `publishTo: ${options.capacity} chunks wait for "${streamId}" and the source goes on`;
      return this.stop(new StreamError('overflow', message, { streamId, operator: 'publishTo' }));
    }
    try {
      this.unread?.hold();
    } catch (error) {
      return this.stop(error);
    }
    this.waiting.push(chunk);
    this.pump();
  }

  protected override _error(error: unknown): void {
    this.failure = { error };
    this.ended = true;
    this.pump();
  }

  protected override _complete(): void {
    this.ended = true;
    this.pump();
  }

  protected override release(): void {
    this.waiting.clear();
    this.unread?.close();
    this.lease?.release();
  }

  /** Ends at once, whatever waits. */
  private stop(error: unknown): void {
    if (!this.closed) super._error(error);
  }

  private pump(): void {
    if (this.busy) return;
    const batch = this.take();
    const last = this.ended && this.waiting.length === 0;
    if (batch.length === 0 && !last) return;
    this.busy = true;
    this.append(batch, last).then(
      (appended) => this.appended(appended, batch.length, last),
      (error: unknown) => this.stop(toStreamError(error, 'internal', { streamId: this.streamId })),
    );
  }

  private take(): ChunkBody[] {
    const batch: ChunkBody[] = [];
    while (batch.length < this.options.maxBatch && this.waiting.length > 0) batch.push(this.waiting.shift()!);
    return batch;
  }

  private async append(batch: readonly ChunkBody[], last: boolean): Promise<Published | undefined> {
    const closing = last && this.options.close !== false;
    if (batch.length === 0 && !closing) return undefined;
    const { producer } = this.options;
    const appended = await this.target.publish(this.streamId, batch, {
      ...(producer === undefined ? {} : { producer: { ...producer, seq: this.seq } }),
      ...(closing ? { close: this.closing() } : {}),
    });
    this.seq += batch.length;
    return appended;
  }

  private closing(): Close {
    if (this.failure === undefined) return { status: 'completed' };
    const { message } = toStreamError(this.failure.error, 'internal');
    // The cut may go through a character.
    return { status: 'failed', reason: message.slice(0, maxReason).toWellFormed() };
  }

  private appended(appended: Published | undefined, count: number, last: boolean): void {
    this.busy = false;
    if (appended !== undefined) this.unread?.kept(count, appended.next);
    if (appended !== undefined && !this.closed) this.destination.next(appended);
    // The consumer may have left, before or just now.
    if (this.closed) return;
    if (!last) this.pump();
    else if (this.failure === undefined) super._complete();
    else super._error(this.failure.error);
  }
}
