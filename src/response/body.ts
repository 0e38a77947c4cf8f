import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import { checkBound, joinBytes, StreamError } from '../chunk/index.js';
import {
  type BodyFormat,
  bodyFormat,
  type BodyFormatName,
  bodyFormats,
  type EventOptions,
  type Told,
} from './body-format.js';
import type { Compressor } from './compressor.js';
import { detect } from './detect.js';
import { type Batches, batchesOf, type ItemOptions, type ResponseSource } from './items.js';

/** How items become a body. */
export interface BodyOptions<T> extends ItemOptions, EventOptions<T> {
  /** Default: by the first item. A string makes `text`, bytes `binary`, all else `ndjson`. */
  readonly format?: BodyFormatName;
  /** Media type. Default: that of the format; for bytes by what they begin with. */
  readonly contentType?: string;
  /** Most bytes, about, that are written at once, however many items wait. Default 64 KiB. */
  readonly bufferBytes?: number;
  /** After how long a silence `sse` writes a comment, in milliseconds. `Infinity` for never. Default 15 000. */
  readonly heartbeatMs?: number;
  /** Times the heartbeats. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** How a response went. */
export interface ResponseOutcome {
  /** `cancelled`: the reader left. */
  readonly status: 'completed' | 'failed' | 'cancelled';
  /** How many items were written. */
  readonly items: number;
  /** How many bytes, before they were compressed. */
  readonly bytes: number;
  /** Why it failed: what the source threw. */
  readonly error?: unknown;
}

/** What a reader is told: of errors that are none of ours, nothing that could give something away. */
export function told(error: unknown): Told {
  if (!(error instanceof StreamError)) return { code: 'internal', message: 'the source of this response failed' };
  return { code: error.code, message: error.message };
}

const encoder = new TextEncoder();

/**
 * The parts of a body, one at a time: nothing is taken from the source before it is asked for. A part holds everything that
 * was there, up to `bufferBytes`.
 *
 * @internal
 */
export class Body<T> {
  private readonly batches: Batches<T>;
  private readonly bufferBytes: number;
  private readonly heartbeatMs: number;
  private readonly scheduler: SchedulerLike;
  private format: BodyFormat<T> | undefined;
  private detected: string | undefined;
  private batch: readonly T[] = [];
  private at = 0;
  private first: { readonly part: Uint8Array | undefined } | undefined;
  /** The part that is on its way: a heartbeat does not wait for it. */
  private pending: Promise<Uint8Array | undefined> | undefined;
  private release = (): void => {};
  private failure: { readonly error: unknown } | undefined;
  private compressor: Compressor | undefined;
  private begun = false;
  private ended = false;
  private left = false;
  private items = 0;
  private bytes = 0;
  /** How it went, once it has. */
  outcome: ResponseOutcome | undefined;

  constructor(
    source: ResponseSource<T>,
    private readonly options: BodyOptions<T>,
  ) {
    const { format, heartbeatMs = 15_000, scheduler = asyncScheduler } = options;
    if (format !== undefined && !bodyFormats.includes(format)) {
      throw new TypeError(`format must be one of ${bodyFormats.map((name) => `"${name}"`).join(', ')}`);
    }
    this.bufferBytes = checkBound('bufferBytes', options.bufferBytes ?? 65_536);
    this.heartbeatMs = checkBound('heartbeatMs', heartbeatMs, { infinite: true });
    this.scheduler = scheduler;
    if (format !== undefined) this.format = bodyFormat(format, options);
    this.batches = batchesOf(source, options);
  }

  /** Media type; known once the format is: from the start, or from the first part on. */
  get contentType(): string {
    return this.options.contentType ?? this.detected ?? this.format?.contentType ?? 'application/octet-stream';
  }

  /** Whether what the format begins with goes out before there is an item. */
  get eager(): boolean {
    return this.format?.beat !== undefined;
  }

  /**
   * Waits until it is known what the body is. What begins at once does not wait.
   *
   * @throws what the source did, when there was nothing before it
   */
  async open(): Promise<void> {
    if (!this.eager) this.first = { part: await this.nextPlain() };
  }

  /** Compresses all parts: behind `open`, before `next`. */
  compress(compressor: Compressor): void {
    this.compressor = compressor;
  }

  /**
   * The next part; `undefined` behind the last one.
   *
   * @throws what the source did: behind a part that tells the reader, where the format has words for it and something was
   * given before
   */
  async next(): Promise<Uint8Array | undefined> {
    const { part } = this.first ?? { part: await this.nextPlain() };
    this.first = undefined;
    if (this.compressor === undefined || this.left) return part;
    if (part !== undefined) return await this.compressor.push(part);
    if (this.ended) return undefined;
    this.ended = true;
    return await this.compressor.end();
  }

  private async nextPlain(): Promise<Uint8Array | undefined> {
    if (this.left) return undefined;
    const part = this.eager && !this.begun ? this.begin() : await this.taken();
    if (part !== undefined) this.bytes += part.byteLength;
    return part;
  }

  private begin(): Uint8Array {
    this.begun = true;
    return encoder.encode(this.format!.begin);
  }

  /** The part that is on its way; before it a heartbeat, when it takes long, and nothing, when the reader leaves. */
  private taken(): Promise<Uint8Array | undefined> {
    const pending = (this.pending ??= this.step());
    return new Promise((resolve, reject) => {
      let given = false;
      const timer = this.beats((beat) => {
        given = true;
        resolve(beat);
      });
      this.release = () => {
        timer?.unsubscribe();
        resolve(undefined);
      };
      /** What comes when a heartbeat has been given in its place is the next to be taken. */
      const settle = (give: () => void): void => {
        if (given) return;
        timer?.unsubscribe();
        this.pending = undefined;
        give();
      };
      pending.then(
        (part) => settle(() => resolve(part)),
        (error: unknown) => settle(() => reject(error as Error)),
      );
    });
  }

  private beats(beat: (part: Uint8Array) => void): Subscription | undefined {
    const text = this.format?.beat;
    if (text === undefined || this.heartbeatMs === Infinity) return undefined;
    return this.scheduler.schedule(() => beat(encoder.encode(text)), this.heartbeatMs);
  }

  private async step(): Promise<Uint8Array | undefined> {
    if (this.failure !== undefined) throw this.failure.error;
    if (this.outcome !== undefined) return undefined;
    try {
      return await this.fill();
    } catch (error) {
      return this.fail(error);
    }
  }

  /** Writes what is there, or the next that comes; `undefined` behind the last. */
  private async fill(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.at === this.batch.length) {
        const batch = await this.batches.next();
        if (this.outcome !== undefined) return undefined;
        this.know(batch?.[0]);
        if (batch === undefined) return this.finish();
        this.batch = batch;
        this.at = 0;
      }
      const part = this.write();
      if (part.byteLength > 0) return part;
    }
  }

  private know(first: T | undefined): void {
    if (this.format !== undefined) return;
    const { format, contentType } = detect(first);
    this.detected = contentType;
    this.format = bodyFormat(format, this.options);
  }

  private write(): Uint8Array {
    const parts: Uint8Array[] = [];
    let text = this.begun ? '' : this.format!.begin;
    this.begun = true;
    let size = 0;
    while (this.at < this.batch.length && size < this.bufferBytes) {
      const part = this.format!.part(this.batch[this.at++]!);
      this.items++;
      size += part.length;
      if (typeof part === 'string') text += part;
      else {
        if (text !== '') parts.push(encoder.encode(text));
        text = '';
        parts.push(part);
      }
    }
    if (text !== '') parts.push(encoder.encode(text));
    return parts.length === 1 ? parts[0]! : joinBytes(parts);
  }

  private finish(): Uint8Array | undefined {
    const text = (this.begun ? '' : this.format!.begin) + this.format!.end();
    this.begun = true;
    const part = text === '' ? undefined : encoder.encode(text);
    this.settle({ status: 'completed' }, part?.byteLength);
    return part;
  }

  private fail(error: unknown): Uint8Array | undefined {
    this.failure = { error };
    this.settle({ status: 'failed', error });
    this.batches.leave();
    const text = this.begun ? this.format!.failed(told(error)) : '';
    if (text === '') throw error;
    return encoder.encode(text);
  }

  private settle(how: Pick<ResponseOutcome, 'status' | 'error'>, more = 0): void {
    this.outcome ??= { ...how, items: this.items, bytes: this.bytes + more };
  }

  /** The reader has left: the source is let go at once, and there are no more parts. How it went stays, once it has. */
  leave(): void {
    this.left = true;
    this.compressor?.destroy();
    if (this.outcome !== undefined) return;
    this.settle({ status: 'cancelled' });
    this.batches.leave();
    this.release();
  }
}
