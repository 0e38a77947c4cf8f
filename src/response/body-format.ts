import { checkBound, type Chunk, isSeq, kindOf, StreamError, toBase64 } from '../chunk/index.js';
import { type OutgoingEvent, writeComment, writeEvent } from '../format/event-stream.js';

/** How items are written: `json` is one array, `ndjson` a value a line, `sse` an event each. */
export type BodyFormatName = 'text' | 'json' | 'ndjson' | 'binary' | 'sse';

/** How events of `sse` are written. */
export interface EventOptions<T> {
  /** The event of an item. Default: its data, as text or JSON; the id is a chunk's number. */
  readonly event?: (item: T) => OutgoingEvent;
  /** How long a reader waits before it comes back, in milliseconds. Default: as the reader likes. */
  readonly retryMs?: number;
}

/** What a reader is told of a failure. */
export type Told = Pick<StreamError, 'code' | 'message'>;

/** @internal Writes the items of one body. */
export interface BodyFormat<T> {
  readonly contentType: string;
  /** What comes before all else. */
  readonly begin: string;
  part(item: T): string | Uint8Array;
  /** What comes behind the last item. */
  end(): string;
  /** What tells a reader, within the format, that there will be no end. */
  failed(error: Told): string;
  /** What shows that the connection lives. */
  readonly beat?: string;
}

/** @internal The formats there are. */
export const bodyFormats: readonly BodyFormatName[] = ['text', 'json', 'ndjson', 'binary', 'sse'];

/** @internal Makes a writer for one body. */
export function bodyFormat<T>(name: BodyFormatName, options: EventOptions<T>): BodyFormat<T> {
  switch (name) {
    case 'text':
      return { ...plain, contentType: 'text/plain; charset=utf-8', part: textOf };
    case 'binary':
      return { ...plain, contentType: 'application/octet-stream', part: bytesOf };
    case 'ndjson':
      return ndjson;
    case 'json':
      return jsonArray();
    case 'sse':
      return events(options);
  }
}

/** Where only the end that is missing says that something failed. */
const plain = { begin: '', end: () => '', failed: () => '' };

const ndjson: BodyFormat<unknown> = {
  contentType: 'application/x-ndjson; charset=utf-8',
  begin: '',
  part: (item) => `${jsonOf(item)}\n`,
  end: () => '',
  failed: (error) => `${JSON.stringify({ error })}\n`,
};

function jsonArray(): BodyFormat<unknown> {
  let first = true;
  return {
    ...plain,
    contentType: 'application/json; charset=utf-8',
    begin: '[',
    part: (item) => {
      const lead = first ? '' : ',\n';
      first = false;
      return lead + jsonOf(item);
    },
    end: () => ']\n',
  };
}

function events<T>({ event = eventOf, retryMs }: EventOptions<T>): BodyFormat<T> {
  const retry = retryMs === undefined ? undefined : checkBound('retryMs', retryMs, { min: 0 });
  return {
    contentType: 'text/event-stream; charset=utf-8',
    // A comment at once shows proxies and readers that it has begun.
    begin: retry === undefined ? writeComment('') : writeEvent({ retry }),
    part: (item) => writeEvent(event(item)),
    // An `EventSource` would come back and begin again, unless it is told that this is the end.
    end: () => writeEvent({ event: 'end', data: JSON.stringify({ status: 'completed' }) }),
    failed: (error) => writeEvent({ event: 'error', data: JSON.stringify(error) }),
    beat: writeComment(''),
  };
}

function eventOf(item: unknown): OutgoingEvent {
  const data = dataOf(item);
  return { id: isChunk(item) ? `${item.seq}` : undefined, data: typeof data === 'string' ? data : jsonOf(data) };
}

const types: readonly unknown[] = ['text', 'json', 'binary', 'audio', 'image'] satisfies Chunk['type'][];

function isChunk(item: unknown): item is Chunk {
  if (typeof item !== 'object' || item === null) return false;
  const { streamId, seq, type } = item as Partial<Chunk>;
  return typeof streamId === 'string' && isSeq(seq) && types.includes(type);
}

/** @internal A chunk's data; of all else the item itself. */
export function dataOf(item: unknown): unknown {
  return isChunk(item) ? item.data : item;
}

/** Bytes, as base64 where they must be text, go through; what JSON does not know does not. */
function jsonOf(item: unknown): string {
  const data = dataOf(item);
  const text = JSON.stringify(data instanceof Uint8Array ? toBase64(data) : data) as string | undefined;
  if (text === undefined) throw unfit(data, 'JSON');
  return text;
}

function textOf(item: unknown): string | Uint8Array {
  const data = dataOf(item);
  return typeof data === 'string' || data instanceof Uint8Array ? data : jsonOf(data);
}

function bytesOf(item: unknown): string | Uint8Array {
  const data = dataOf(item);
  if (typeof data === 'string' || data instanceof Uint8Array) return data;
  throw unfit(data, 'bytes');
}

function unfit(data: unknown, format: string): StreamError {
  return new StreamError('data-malformed', `an item of a response must be ${format}, got ${kindOf(data)}`);
}
