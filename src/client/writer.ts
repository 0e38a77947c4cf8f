import { type Observable, type SchedulerLike, Subject } from 'rxjs';
import { type EncodedChunk, StreamError } from '../chunk/index.js';
import type { AppendOptions, Producer } from '../log/log.js';
import { Writing } from './writing.js';
import type { WritingConnection } from './writing-connection.js';

/** A call of `publish` that has not been answered. */
interface Waiting {
  /** It is answered when everything below this number is kept … */
  readonly end: number;
  /** … and, with `close`, the stream has ended. */
  readonly close: boolean;
  readonly resolve: (result: { readonly next: number }) => void;
  readonly reject: (error: StreamError) => void;
}

/** Turns calls of `publish` into writings, and acknowledgements into answers. */
export class Writer {
  readonly #streams = new Map<string, Promised>();
  /**
   * Epoch of the next writing under the client's own name. Each begins to count at 0: within one epoch, what comes after a
   * failure or an end would be taken for what had been kept before.
   */
  #epoch: number;
  readonly #cancelled = new Subject<{ readonly streamId: string; readonly reason: string | undefined }>();
  readonly stopped: Observable<{ readonly streamId: string; readonly reason: string | undefined }> =
    this.#cancelled.asObservable();

  readonly #line: { readonly connection: WritingConnection };
  readonly #scheduler: SchedulerLike;
  readonly #own: Pick<Producer, 'id' | 'epoch'>;
  readonly #maxQueue: number;

  constructor(
    line: { readonly connection: WritingConnection },
    scheduler: SchedulerLike,
    own: Pick<Producer, 'id' | 'epoch'>,
    maxQueue: number,
  ) {
    this.#line = line;
    this.#scheduler = scheduler;
    this.#own = own;
    this.#maxQueue = maxQueue;
    this.#epoch = own.epoch;
  }

  publish(
    streamId: string,
    chunks: readonly EncodedChunk[],
    { producer, close }: AppendOptions,
  ): Promise<{ readonly next: number }> {
    const key = producer === undefined ? streamId : `${streamId}\n${producer.id}\n${producer.epoch}`;
    const known =
      this.#streams.get(key) ??
      this.#begin(key, streamId, producer ?? { id: this.#own.id, epoch: this.#epoch, seq: 0 });
    return known.push(chunks, close, producer?.seq);
  }

  #begin(key: string, streamId: string, { id, epoch, seq }: Producer): Promised {
    const { connection } = this.#line;
    const promised: Promised = new Promised(
      new Writing(streamId, id, epoch, seq, {
        acked: (kept, next, closed) => promised.acked(kept, next, closed),
        stopped: (reason) => this.#cancelled.next({ streamId, reason }),
        failed: (error) => promised.failed(error),
      }),
      connection,
      this.#maxQueue,
      () => {
        if (key === streamId) this.#epoch = Math.max(this.#epoch, epoch + 1);
        this.#streams.delete(key);
        connection.unwrite(promised.writing);
      },
    );
    this.#streams.set(key, promised);
    connection.write(promised.writing, this.#scheduler.now());
    return promised;
  }
}

class Promised {
  readonly #waiting: Waiting[] = [];
  #closing = false;
  #failure: StreamError | undefined;

  readonly #connection: WritingConnection;
  readonly #maxQueue: number;
  readonly #over: () => void;

  constructor(
    readonly writing: Writing,
    connection: WritingConnection,
    maxQueue: number,
    over: () => void,
  ) {
    this.#connection = connection;
    this.#maxQueue = maxQueue;
    this.#over = over;
  }

  push(
    chunks: readonly EncodedChunk[],
    close: AppendOptions['close'],
    seq: number | undefined,
  ): Promise<{ readonly next: number }> {
    const { writing } = this;
    const maxQueue = this.#maxQueue;
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#closing) {
      const { streamId } = writing;
      return Promise.reject(
        new StreamError('stream-closed', `"${streamId}" was ended by an earlier call`, { streamId }),
      );
    }
    if (seq !== undefined && seq !== writing.end) {
      return Promise.reject(
        new RangeError(`producer.seq must be ${writing.end}, the number after the last one, got ${seq}`),
      );
    }
    if (writing.pending + chunks.length > maxQueue) {
      const message = `publish: more than ${maxQueue} chunks wait to be kept`;
      return Promise.reject(new StreamError('overflow', message, { streamId: writing.streamId }));
    }
    this.#closing = close !== undefined;
    writing.push(chunks, close);
    this.#connection.wrote();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ end: writing.end, close: close !== undefined, resolve, reject });
    });
  }

  acked(seq: number, next: number, closed: boolean): void {
    let answered = 0;
    for (const { end, close } of this.#waiting) {
      if (end > seq || (close && !closed)) break;
      answered++;
    }
    if (closed) this.#over();
    for (const { resolve } of this.#waiting.splice(0, answered)) resolve({ next });
  }

  failed(error: StreamError): void {
    this.#failure = error;
    this.#over();
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
