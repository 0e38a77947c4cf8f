import { type EncodedChunk, StreamError } from '../../chunk/index.js';
import type { LogSlice, ReadLimit } from '../log.js';
import { beginOf, chunksOf, type StreamMessage } from './message.js';
import { existing, lifeOf, living, type NatsBounds } from './state.js';
import type { NatsStore } from './store.js';

/** Places that are remembered: where readers will go on. */
const maxPlaces = 10_000;
/** So many messages are asked for one by one, before a consumer is made for the rest. */
const maxSingles = 4;
/** So often a read begins anew, because what it was to read was removed meanwhile. */
const maxAttempts = 3;

/**
 * @internal Reads chunks of a stream. A message may hold any number of them, so JetStream does not know where a chunk is: its
 * message is found by halving, and a reader that goes on has it at hand.
 */
export class StreamReads {
  /** At or before which message, by its number in JetStream, a chunk is. May point too far back, never too far on. */
  private readonly places = new Map<string, number>();

  constructor(
    private readonly store: NatsStore,
    private readonly bounds: NatsBounds,
  ) {}

  async read(streamId: string, from: number, limit: ReadLimit): Promise<LogSlice> {
    for (let attempt = 1; ; attempt++) {
      const last = await this.store.last(streamId);
      const state = existing(streamId, living(last?.state, this.bounds));
      const { first, next, end } = state;
      const start = Math.max(from, first);
      const chunks = start < next ? await this.chunks(streamId, last!, start, limit) : [];
      const slice = { from: start, chunks: chunks ?? [], next, life: lifeOf(state) };
      if (chunks !== undefined) return end === undefined ? slice : { ...slice, end };
      if (attempt === maxAttempts) throw chunksGone(streamId, start);
    }
  }

  /** The message that holds a chunk, of a stream whose newest message is `last`. */
  async locate(streamId: string, last: StreamMessage, seq: number): Promise<StreamMessage | undefined> {
    if (beginOf(last) <= seq) return last.state.next > seq ? last : undefined;
    let low = Math.max(last.state.after + 1, this.places.get(placeOf(streamId, seq)) ?? 0);
    // What a reader goes on with is there, or right behind.
    let probe = low;
    for (let high = last.seq; low < high; probe = Math.floor((low + high) / 2)) {
      const message = await this.store.atOrBehind(streamId, probe);
      if (message === undefined) return undefined;
      if (message.state.next <= seq) low = message.seq + 1;
      else if (beginOf(message) <= seq) return message;
      else high = Math.min(probe, high);
    }
    const message = await this.store.atOrBehind(streamId, low);
    return message !== undefined && beginOf(message) <= seq && message.state.next > seq ? message : undefined;
  }

  /** Chunks from `start` on; `undefined` when they are not there. */
  private async chunks(
    streamId: string,
    last: StreamMessage,
    start: number,
    limit: ReadLimit,
  ): Promise<EncodedChunk[] | undefined> {
    const message = await this.locate(streamId, last, start);
    if (message === undefined) return undefined;
    const gathered = new Gathered(start, limit);
    let at = message;
    let gone = false;
    /** Answers whether more is wanted. */
    const take = async (next: StreamMessage): Promise<boolean> => {
      gone = beginOf(next) > gathered.next || next.state.after !== last.state.after;
      if (gone) return false;
      at = next;
      return (await this.take(streamId, gathered, next)) && next.seq < last.seq;
    };
    let more = await take(message);
    for (let n = 0; more && n < maxSingles; n++) {
      if (beginOf(last) <= gathered.next) more = await take(last);
      else {
        const next = await this.store.atOrBehind(streamId, at.seq + 1);
        more = next !== undefined && (await take(next));
      }
    }
    if (more) {
      const subject = this.store.subjects.of(streamId);
      await this.store.scan({ subject, from: at.seq + 1 }, (_, next) => take(next));
    }
    if (gathered.chunks.length === 0) return undefined;
    this.remember(streamId, gathered.next, gathered.next < at.state.next ? at.seq : at.seq + 1);
    return gathered.chunks;
  }

  /** Takes what fits of a message and its parts. Answers whether there may be room for more. */
  private async take(streamId: string, gathered: Gathered, message: StreamMessage): Promise<boolean> {
    const chunks = await this.parts(streamId, message);
    if (message.count > 0) chunks.push(...chunksOf(message.body));
    // A part is missing: nobody knows which numbers the others have.
    if (chunks.length < message.count + (message.parts?.count ?? 0)) return false;
    const begin = beginOf(message);
    return chunks.every((chunk, i) => gathered.take(begin + i, chunk));
  }

  private async parts(streamId: string, { seq, parts }: StreamMessage): Promise<EncodedChunk[]> {
    const chunks: EncodedChunk[] = [];
    for (let next = parts?.from ?? seq; next < seq;) {
      const part = await this.store.atOrBehind(streamId, next);
      if (part === undefined || part.seq >= seq) break;
      chunks.push(...chunksOf(part.body));
      next = part.seq + 1;
    }
    return chunks;
  }

  private remember(streamId: string, seq: number, message: number): void {
    const place = placeOf(streamId, seq);
    this.places.delete(place);
    this.places.set(place, message);
    if (this.places.size <= maxPlaces) return;
    for (const oldest of this.places.keys()) return void this.places.delete(oldest);
  }
}

/** A run of chunks within limits. */
class Gathered {
  readonly chunks: EncodedChunk[] = [];
  private bytes = 0;

  constructor(
    private readonly start: number,
    private readonly limit: ReadLimit,
  ) {}

  /** Number of the next chunk. */
  get next(): number {
    return this.start + this.chunks.length;
  }

  /** Takes chunk `seq`, if it is the next and there is room. Answers whether there may be room for more. */
  take(seq: number, chunk: EncodedChunk): boolean {
    const { chunks, limit } = this;
    if (seq < this.next) return true;
    if (seq > this.next) return false;
    this.bytes += chunk.length;
    if (chunks.length > 0 && this.bytes > limit.bytes) return false;
    return chunks.push(chunk) < limit.chunks;
  }
}

/** No name holds a zero. */
function placeOf(streamId: string, seq: number): string {
  return `${seq}\u0000${streamId}`;
}

function chunksGone(streamId: string, seq: number): StreamError {
  const message = `stream "${streamId}": NATS no longer has chunk ${seq}, which was not trimmed; were messages removed by hand?`;
  return new StreamError('gap', message, { streamId, seq });
}
