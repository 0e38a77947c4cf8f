import { createChunk, type EncodedChunk, encodeChunk, type JsonValue, StreamError } from '../chunk/index.js';
import type { Close, Producer } from '../log/log.js';
import type { Streams } from '../streams/index.js';
import { type ActorChunk, isActorEnd } from './actor-chunk.js';

/** Most chunks that wait while an append is under way; then the actor does. */
const maxWaiting = 256;
/** Longest reason a stream's end may have, in characters. */
const maxReason = 1024;

/** @internal Whether a stream takes no more because it has ended, or is gone: nobody wants the call. */
export function isOver(error: unknown): boolean {
  return error instanceof StreamError && over.has(error.code);
}

const over: ReadonlySet<string> = new Set(['stream-closed', 'stream-cancelled', 'stream-not-found']);

/** How a call's stream ends behind its last chunk. */
function closeOf(chunk: ActorChunk): Close {
  if (chunk.type !== 'error') return { status: 'completed' };
  return { status: 'failed', reason: reasonOf(chunk.message) };
}

/** @internal A message as a reason why a stream ended. */
export function reasonOf(message: string): string {
  // The cut may go through a character.
  return message.slice(0, maxReason).toWellFormed();
}

/**
 * Keeps what one attempt of a call says. The attempt is the epoch: once another has begun, nothing of this one is kept.
 *
 * @internal
 */
export class CallLog {
  private waiting: EncodedChunk[] = [];
  private close: Close | undefined;
  private busy: Promise<void> | undefined;
  private written = 0;
  private failure: { readonly error: unknown } | undefined;

  /** @param now - milliseconds since the epoch */
  constructor(
    private readonly streams: Pick<Streams, 'append'>,
    private readonly streamId: string,
    private readonly producer: Omit<Producer, 'seq'>,
    private readonly now: () => number,
  ) {}

  /** Fences all attempts before. */
  async begin(): Promise<void> {
    await this.append([], undefined);
  }

  /** Takes the next chunk: resolves when there is room for another, and behind the last one when all are kept. */
  async add(chunk: ActorChunk): Promise<void> {
    this.check();
    const isLast = isActorEnd(chunk);
    if (isLast) this.close = closeOf(chunk);
    const data = chunk as unknown as JsonValue;
    const { streamId } = this;
    this.waiting.push(encodeChunk(createChunk({ streamId, seq: 0, data, final: isLast, timestamp: this.now() })));
    this.busy ??= this.write();
    if (isLast || this.waiting.length >= maxWaiting) await this.busy;
    this.check();
  }

  private check(): void {
    if (this.failure !== undefined) throw this.failure.error;
  }

  private async write(): Promise<void> {
    try {
      while (this.waiting.length > 0) {
        const batch = this.waiting;
        this.waiting = [];
        // With the last chunk, in one step: a worker that dies between them would leave an end behind which there is more.
        await this.append(batch, this.close);
        this.written += batch.length;
      }
    } catch (error) {
      this.failure = { error };
    } finally {
      this.busy = undefined;
    }
  }

  private async append(batch: readonly EncodedChunk[], close: Close | undefined): Promise<void> {
    const producer = { ...this.producer, seq: this.written };
    // What is gone stays gone.
    await this.streams.append(this.streamId, batch, {
      producer,
      create: false,
      ...(close === undefined ? {} : { close }),
    });
  }
}
