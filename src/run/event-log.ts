import { type EncodedChunk, encodeJson, jsonProblem, type JsonValue, StreamError } from '../chunk/index.js';
import { type MaybePromise, type Producer, whenReady } from '../log/log.js';
import type { Streams } from '../streams/index.js';
import { finalEvents, type RunEvent } from './event.js';
import type { RunSink } from './recorder.js';

/** Most events, and bytes of them, that wait while an append is under way: more fails the run. */
const maxWaiting = 65_536;
const maxWaitingBytes = 2 ** 26;
/** Beyond these, whoever can wait should. */
const behindEvents = 1024;
const behindBytes = 2 ** 20;
const maxBatch = 256;

/** @internal Where the events of one life of a run go. */
export interface EventLogOptions {
  readonly streams: Pick<Streams, 'append'>;
  readonly streamId: string;
  readonly producer: Omit<Producer, 'seq'>;
  /** The number its first event must get. */
  readonly at: number;
  /** Outputs of more bytes are not told. */
  readonly maxEventBytes: number;
  /** Whether others may try to begin this very life, too: then only the one whose first event is kept goes on. Default `false`. */
  readonly contested?: boolean;
  /** Called once, with why nothing more is kept. */
  readonly broken: (error: unknown) => void;
}

/**
 * Keeps the events of one life of a run, in order, and ends their stream behind the last one. The first is kept only where no
 * other life has written meanwhile.
 *
 * @internal
 */
export class EventLog implements RunSink {
  private waiting: EncodedChunk[] = [];
  private waitingBytes = 0;
  private busy: Promise<void> | undefined;
  private written = 0;
  private over = false;
  private isDue = false;
  private failure: { readonly error: unknown } | undefined;

  constructor(private readonly options: EventLogOptions) {}

  get maxEventBytes(): number {
    return this.options.maxEventBytes;
  }

  /** How many events of this life are kept. */
  get count(): number {
    return this.written;
  }

  next(event: RunEvent): void {
    if (this.failure !== undefined || this.over) return;
    const problem = jsonProblem(event.data);
    if (problem !== undefined) throw new StreamError('chunk-invalid', `an event of a run must be JSON but ${problem}`);
    const final = finalEvents.has(event.event_type);
    const chunk = encodeJson(event as unknown as JsonValue, event.timestamp, final);
    const isFull = this.waiting.length >= maxWaiting || this.waitingBytes + chunk.size > maxWaitingBytes;
    // The last word is always heard.
    if (isFull && !final) {
      throw new StreamError('overflow', `${this.waiting.length} events of a run wait to be kept, and more come`);
    }
    this.over = final;
    this.waiting.push(chunk);
    this.waitingBytes += chunk.size;
    if (this.isDue) return;
    this.isDue = true;
    const { turn } = this;
    setTimeout(turn);
  }

  /** What is told in one turn is kept together, unless somebody waits for it. */
  private readonly turn = (): void => {
    this.isDue = false;
    this.write();
  };

  /** @throws why nothing more is kept, or rejects with it */
  kept(): Promise<void> | undefined {
    this.write();
    if (this.busy !== undefined) return this.busy.then(this.check);
    this.check();
    return undefined;
  }

  private readonly check = (): void => {
    if (this.failure !== undefined) throw this.failure.error;
  };

  behind(): Promise<void> | undefined {
    if (this.waiting.length <= behindEvents && this.waitingBytes <= behindBytes) return undefined;
    this.write();
    return this.busy;
  }

  /** Appends what waits: at once, where the log answers at once. */
  private write(): void {
    if (this.busy !== undefined) return;
    try {
      while (this.waiting.length > 0) {
        const kept = this.append(this.waiting.splice(0, this.mayAppend));
        if (kept instanceof Promise) {
          this.busy = this.goOn(kept);
          return;
        }
      }
    } catch (error) {
      this.fail(error);
    }
  }

  private async goOn(kept: Promise<void>): Promise<void> {
    try {
      await kept;
      while (this.waiting.length > 0) await this.append(this.waiting.splice(0, this.mayAppend));
    } catch (error) {
      this.fail(error);
    } finally {
      this.busy = undefined;
    }
  }

  private fail(error: unknown): void {
    this.failure = { error };
    this.waiting = [];
    this.waitingBytes = 0;
    this.options.broken(error);
  }

  /** Of a batch that two say at once a part could be kept of each: the word that decides stands alone. */
  private get mayAppend(): number {
    return this.options.contested === true && this.written === 0 ? 1 : maxBatch;
  }

  private append(batch: readonly EncodedChunk[]): MaybePromise<void> {
    const { streams, streamId, producer, at, contested = false } = this.options;
    const seq = this.written;
    const isLast = this.over && this.waiting.length === 0;
    for (const { size } of batch) this.waitingBytes -= size;
    const appended = streams.append(streamId, batch, {
      producer: { ...producer, seq },
      ...(seq === 0 ? { at } : {}),
      ...(isLast ? { close: { status: 'completed' } } : {}),
    });
    return whenReady(appended, ({ duplicates }) => {
      if (contested && seq === 0 && duplicates > 0) {
        throw new StreamError('producer-fenced', 'another has begun this life of the run');
      }
      this.written += batch.length;
    });
  }
}
