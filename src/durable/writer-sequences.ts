import { type EncodedChunk, StreamError } from '../chunk/index.js';
import type { Appended } from '../log/log.js';
import type { StreamAppendOptions, Streams } from '../streams/index.js';
import { Refusal } from './reply.js';
import { readSame } from './read-same.js';
import { madeOf, type StreamRecord } from './stream-record.js';

/** How far the chunks of a stream were looked through. */
interface Known {
  readonly life: string;
  /** The latest `Stream-Seq` below `next`. */
  last: string | undefined;
  next: number;
}

const limit = { chunks: 4096, bytes: 1 << 20 };
const maxKnown = 10_000;
const maxAttempts = 100;
/** A number that no chunk gets: an append that says it is only looked at. */
const nowhere = Number.MAX_SAFE_INTEGER;

/**
 * @internal The `Stream-Seq` of streams: each append that says one must say a higher one than the last that did, whoever it
 * was. The latest stands in the metadata of the last chunk of its append; an append is kept only if nothing has come since
 * that was looked up, so that no two can pass each other, on no log.
 */
export class WriterSequences {
  private readonly known = new Map<string, Known>();

  constructor(private readonly streams: Streams) {}

  /** Appends if `sequence` is higher than the last. A producer's append that was kept before is acknowledged all the same. */
  async append(
    record: StreamRecord,
    sequence: string,
    chunks: readonly EncodedChunk[],
    options: StreamAppendOptions,
  ): Promise<Appended> {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const known = await this.catchUp(record);
      // Each character is a byte of the header, so that this compares bytes.
      const regressed = known.last !== undefined && sequence <= known.last;
      try {
        const at = regressed ? nowhere : known.next;
        const appended = await this.streams.append(record.name, chunks, { ...options, at });
        if (appended.next > appended.first && appended.first === known.next) {
          known.last = sequence;
          known.next = appended.next;
        }
        return appended;
      } catch (error) {
        if (!(error instanceof StreamError) || error.code !== 'append-conflict') throw error;
        if (regressed) throw new Refusal(409, 'sequence-regression', 'Stream-Seq must be higher than the last one');
      }
    }
    throw new StreamError('overflow', `too many write to "${record.name}" at a time`, { streamId: record.name });
  }

  private async catchUp(record: StreamRecord): Promise<Known> {
    const { name, life } = madeOf(record);
    let known = this.known.get(name);
    if (known === undefined || known.life !== life) {
      known = { life, last: undefined, next: 0 };
      // What is forgotten is looked up again.
      if (this.known.size >= maxKnown) this.known.delete(this.known.keys().next().value!);
      this.known.set(name, known);
    }
    for (;;) {
      const { from, chunks, next } = await readSame(this.streams.log, { name, life }, known.next, limit);
      // A log may have lost what was looked through.
      if (next < known.next) {
        known.last = undefined;
        known.next = 0;
        continue;
      }
      // Another append may have caught up meanwhile.
      if (from >= known.next) {
        for (const chunk of chunks) known.last = sequenceOf(chunk) ?? known.last;
        known.next = from + chunks.length;
      }
      if (known.next >= next) return known;
    }
  }
}

function sequenceOf({ head }: EncodedChunk): string | undefined {
  if (!head.includes('"sequence":')) return undefined;
  const sequence = (JSON.parse(head) as { metadata?: { sequence?: unknown } }).metadata?.sequence;
  return typeof sequence === 'string' ? sequence : undefined;
}
