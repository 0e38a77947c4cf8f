import { Observable, type OperatorFunction, type Subscriber } from 'rxjs';
import { checkBound, checkName, type ChunkBody, StreamError, toStreamError } from '../chunk/index.js';
import type { Appended, AppendOptions, Producer } from '../log/log.js';

/** What is known once chunks are kept. */
export type Published = Pick<Appended, 'next'>;

/** Whatever chunks can be published to: `Streams` in this process, a client of a server elsewhere. */
export interface PublishTarget {
  publish(streamId: string, chunks: readonly ChunkBody[], options?: AppendOptions): Promise<Published>;
}

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
}

/**
 * Publishes the chunks of a pipeline, one append at a time: what arrives meanwhile waits and goes together.
 *
 * **Emits** the stream's next number after every append, in order.
 * **Errors** as the target does; `overflow` when more than `capacity` wait. The source's own error is passed on after the
 * stream was ended as `failed`.
 * **Completes** when the source has completed and the last append, with the stream's end, is kept.
 * **Holds** at most `capacity` chunks, and the batch under way.
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
  return (source) =>
    new Observable((destination) => {
      const publisher = new Publisher(target, streamId, { ...options, capacity, maxBatch }, destination);
      destination.add(
        source.subscribe({
          next: (chunk) => publisher.push(chunk),
          error: (error: unknown) => publisher.end({ error }),
          complete: () => publisher.end(undefined),
        }),
      );
    });
}

type Settled = PublishToOptions & { readonly capacity: number; readonly maxBatch: number };

class Publisher {
  private waiting: ChunkBody[] = [];
  private busy = false;
  private ended = false;
  private failure: { readonly error: unknown } | undefined;
  private seq: number;

  constructor(
    private readonly target: PublishTarget,
    private readonly streamId: string,
    private readonly options: Settled,
    private readonly destination: Subscriber<Published>,
  ) {
    this.seq = options.producer?.seq ?? 0;
  }

  push(chunk: ChunkBody): void {
    const { streamId, options } = this;
    if (this.waiting.length >= options.capacity) {
      const message = `publishTo: ${options.capacity} chunks wait for "${streamId}" and the source goes on`;
      this.destination.error(new StreamError('overflow', message, { streamId, operator: 'publishTo' }));
      return;
    }
    this.waiting.push(chunk);
    this.pump();
  }

  end(failure: { readonly error: unknown } | undefined): void {
    this.ended = true;
    this.failure = failure;
    this.pump();
  }

  private pump(): void {
    if (this.busy || this.destination.closed) return;
    const batch = this.waiting.splice(0, this.options.maxBatch);
    const last = this.ended && this.waiting.length === 0;
    if (batch.length === 0 && !last) return;
    this.busy = true;
    this.append(batch, last).then(
      (appended) => this.appended(appended, last),
      (error: unknown) => this.destination.error(toStreamError(error, 'internal', { streamId: this.streamId })),
    );
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

  private closing(): { status: 'completed' | 'failed'; reason?: string } {
    if (this.failure === undefined) return { status: 'completed' };
    return { status: 'failed', reason: toStreamError(this.failure.error, 'internal').message.slice(0, 1024) };
  }

  private appended(appended: Published | undefined, last: boolean): void {
    this.busy = false;
    if (appended !== undefined) this.destination.next(appended);
    if (!last) this.pump();
    else if (this.failure === undefined) this.destination.complete();
    else this.destination.error(this.failure.error);
  }
}
