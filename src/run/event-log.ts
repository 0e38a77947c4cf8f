import { type ChunkBody, createChunk, type JsonValue } from '../chunk/index.js';
import type { Producer } from '../log/log.js';
import type { Streams } from '../streams/index.js';
import { finalEvents, type RunEvent } from './event.js';
import type { RunSink } from './recorder.js';

/** Most events that wait while an append is under way: one more fails the run. */
const maxWaiting = 65_536;
const maxBatch = 256;

/**
 * Keeps the events of one life of a run, in order, and ends their stream behind the last one. The first is kept only where no
 * other life has written meanwhile.
 *
 * @internal
 */
export class EventLog implements RunSink {
  private waiting: ChunkBody[] = [];
  private busy: Promise<void> | undefined;
  private written = 0;
  private over = false;
  private failure: { readonly error: unknown } | undefined;

  /**
   * @param at - the number its first event must get
   * @param broken - called once, with why nothing more is kept
   */
  constructor(
    private readonly streams: Pick<Streams, 'publish'>,
    private readonly streamId: string,
    private readonly producer: Omit<Producer, 'seq'>,
    private readonly at: number,
    private readonly broken: (error: unknown) => void,
  ) {}

  /** How many events of this life are kept. */
  get count(): number {
    return this.written;
  }

  next(event: RunEvent): void {
    if (this.failure !== undefined || this.over) return;
    if (this.waiting.length >= maxWaiting) throw new RangeError(`more than ${maxWaiting} events wait to be kept`);
    const { streamId } = this;
    this.over = finalEvents.has(event.event_type);
    const data = event as unknown as JsonValue;
    this.waiting.push(createChunk({ streamId, seq: 0, data, final: this.over, timestamp: event.timestamp }));
    this.busy ??= this.write();
  }

  /** @throws why nothing more is kept */
  async kept(): Promise<void> {
    await this.busy;
    if (this.failure !== undefined) throw this.failure.error;
  }

  private async write(): Promise<void> {
    // What is told in one turn is kept together.
    await Promise.resolve();
    try {
      while (this.waiting.length > 0) {
        const batch = this.waiting.splice(0, maxBatch);
        const seq = this.written;
        const isLast = this.over && this.waiting.length === 0;
        await this.streams.publish(this.streamId, batch, {
          producer: { ...this.producer, seq },
          ...(seq === 0 ? { at: this.at } : {}),
          ...(isLast ? { close: { status: 'completed' } } : {}),
        });
        this.written += batch.length;
      }
    } catch (error) {
      this.failure = { error };
      this.waiting = [];
      this.broken(error);
    } finally {
      this.busy = undefined;
    }
  }
}
