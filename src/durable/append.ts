import { type EncodedChunk, StreamError } from '../chunk/index.js';
import { type Appended, type MaybePromise, orElse, type Producer, whenReady } from '../log/log.js';
import type { StreamAppendOptions, Streams } from '../streams/index.js';
import { encodeBody } from './body.js';
import { chunkTypeOf, essenceOf } from './media-type.js';
import { formatOffset } from './offset.js';
import type { Registry } from './registry.js';
import { answer, Refusal, type Reply } from './reply.js';
import { type DurableRequest, isTrue, readCount } from './request.js';
import { baseOf, type StreamRecord, tailOf } from './stream-record.js';
import type { WriterSequences } from './writer-sequences.js';

/** @internal What a request to append says in its headers. */
export interface AppendWish {
  readonly mediaType: string | undefined;
  readonly close: boolean;
  readonly producer: Producer | undefined;
  /** `Stream-Seq`. */
  readonly sequence: string | undefined;
}

const maxProducerId = 256;
const maxSequence = 256;

/** @internal Reads what a request to append says in its headers. */
export function readAppend(request: Pick<DurableRequest, 'header'>): AppendWish {
  const sequence = request.header('stream-seq');
  if (sequence !== undefined && (sequence === '' || sequence.length > maxSequence)) {
    throw new Refusal(400, 'header-invalid', `Stream-Seq must be of 1 to ${maxSequence} characters`);
  }
  return {
    mediaType: request.header('content-type'),
    close: isTrue(request.header('stream-closed')),
    producer: readProducer(request),
    sequence,
  };
}

function readProducer(request: Pick<DurableRequest, 'header'>): Producer | undefined {
  const id = request.header('producer-id');
  const epoch = request.header('producer-epoch');
  const seq = request.header('producer-seq');
  if (id === undefined && epoch === undefined && seq === undefined) return undefined;
  if (id === undefined || epoch === undefined || seq === undefined) {
    throw new Refusal(400, 'header-invalid', 'Producer-Id, Producer-Epoch and Producer-Seq come together');
  }
  if (id === '' || id.length > maxProducerId) {
    throw new Refusal(400, 'header-invalid', `Producer-Id must be of 1 to ${maxProducerId} characters`);
  }
  return { id, epoch: readCount('Producer-Epoch', epoch), seq: readCount('Producer-Seq', seq), counts: 'appends' };
}

/** @internal What to do about an append to a stream that has ended: let the log decide, or acknowledge that it has. */
export function decideAtEnd(wish: AppendWish, empty: boolean): 'ask' | 'acknowledge' | 'refuse' {
  if (wish.producer !== undefined) return 'ask';
  return empty ? 'acknowledge' : 'refuse';
}

/** @internal Refuses a body that is none, or of another kind than the stream. */
export function checkContent(record: StreamRecord, { mediaType, close }: AppendWish, empty: boolean): void {
  if (empty) {
    if (close) return;
    throw new Refusal(400, 'body-empty', 'an append needs a body, unless it closes the stream');
  }
  if (mediaType === undefined) throw new Refusal(400, 'header-invalid', 'an append needs a Content-Type');
  // A stream without a type and without chunks takes any.
  const open = record.info.contentType === undefined && record.info.next === 0;
  if (open || mediaType === record.mediaType || essenceOf(mediaType) === essenceOf(record.mediaType)) return;
  throw new Refusal(409, 'content-type-mismatch', `the stream is of media type ${record.mediaType}`);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What {@link Appender} needs. */
interface Surroundings {
  readonly streams: Streams;
  readonly registry: Registry;
  readonly sequences: WriterSequences;
  readonly now: () => number;
  readonly maxMessages: number;
}

/** @internal Appends to streams, and closes them. */
export class Appender {
  constructor(private readonly surroundings: Surroundings) {}

  append(
    record: StreamRecord,
    wish: AppendWish,
    body: Uint8Array,
    request: Pick<DurableRequest, 'count'>,
  ): MaybePromise<Reply> {
    const { registry } = this.surroundings;
    const empty = body.length === 0;
    if (empty && !wish.close) checkContent(record, wish, empty);
    if (record.closed) {
      const verdict = decideAtEnd(wish, empty);
      if (verdict === 'refuse') return this.refuseEnded(record.name);
      registry.touch(record);
      if (verdict === 'acknowledge')
        return answer(204, { 'stream-next-offset': tailOf(record), 'stream-closed': 'true' });
    } else {
      checkContent(record, wish, empty);
    }
    const chunks = empty ? [] : this.encode(record, wish, body);
    registry.touch(record);
    const keep = (): MaybePromise<Reply> =>
      whenReady(this.keep(record, wish, chunks), (appended) => this.acknowledge(record, wish, empty, appended));
    return orElse(
      () => whenReady(request.count?.(chunks.length), keep),
      (error) => this.refuse(error, record, wish),
    );
  }

  private encode(record: StreamRecord, { sequence, mediaType }: AppendWish, body: Uint8Array): EncodedChunk[] {
    const { now, maxMessages } = this.surroundings;
    const kind = record.info.contentType === undefined && record.info.next === 0 ? mediaType! : record.mediaType;
    const metadata = sequence === undefined ? undefined : { sequence };
    const chunks = encodeBody(body, { type: chunkTypeOf(kind), timestamp: now(), metadata, maxMessages });
    if (chunks.length > 0) return chunks;
    throw new Refusal(400, 'body-empty', 'an array without elements appends nothing');
  }

  private keep(record: StreamRecord, wish: AppendWish, chunks: readonly EncodedChunk[]): MaybePromise<Appended> {
    const { producer, close, sequence } = wish;
    // Whoever may write to this one may not write to the next of its name.
    const options: Mutable<StreamAppendOptions> = { create: false, life: record.info.life };
    if (producer !== undefined) options.producer = producer;
    if (close) options.close = { status: 'completed' };
    const { streams, sequences } = this.surroundings;
    if (sequence === undefined) return streams.append(record.name, chunks, options);
    return sequences.append(record, sequence, chunks, options);
  }

  private acknowledge(record: StreamRecord, wish: AppendWish, empty: boolean, appended: Appended): Reply {
    const { producer, close } = wish;
    const headers: Record<string, string> = { 'stream-next-offset': formatOffset(appended.next + baseOf(record)) };
    if (close || record.closed) headers['stream-closed'] = 'true';
    if (producer === undefined) return answer(204, headers);
    headers['producer-epoch'] = `${producer.epoch}`;
    headers['producer-seq'] = `${(appended.expected ?? producer.seq + 1) - 1}`;
    return answer(empty || appended.next === appended.first ? 204 : 200, headers);
  }

  /** Says what the protocol wants to be said when the log refuses. */
  private refuse(error: unknown, record: StreamRecord, { producer }: AppendWish): MaybePromise<never> {
    if (!(error instanceof StreamError)) throw error;
    const { code, message, details } = error;
    const expected = `${details.expected}`;
    if (code === 'stream-closed' || code === 'stream-cancelled') return this.refuseEnded(record.name);
    if (code === 'producer-fenced') throw new Refusal(403, code, message, { 'producer-epoch': expected });
    if (code !== 'sequence-gap' || producer === undefined) throw error;
    if (producer.epoch > 0 && details.expected === 0) {
      throw new Refusal(400, code, 'a new epoch of a producer begins with Producer-Seq 0');
    }
    const headers = { 'producer-expected-seq': expected, 'producer-received-seq': `${producer.seq}` };
    throw new Refusal(409, code, message, headers);
  }

  private refuseEnded(name: string): MaybePromise<never> {
    return whenReady(this.surroundings.registry.get(name), (record) => {
      const headers = { 'stream-closed': 'true', 'stream-next-offset': tailOf(record) };
      throw new Refusal(409, 'stream-closed', 'the stream is closed', headers);
    });
  }
}
