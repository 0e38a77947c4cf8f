import { checkBound, kindOf } from '../../chunk/index.js';
import { encodingOf, type Encoding, type HttpItem } from './encoding.js';
import type { HttpRequest } from './exchange.js';
import { HttpError, isTrue } from './failure.js';
import { createRetries } from './retries.js';
import { checkHeaderValue, type HttpOptions, type HttpRules, httpRules } from './rules.js';
import { offsetOf, send } from './send.js';

/** Options of {@link httpStream}. */
export interface HttpStreamOptions extends HttpOptions {
  /** Content type of the stream: with `application/json` it holds messages, else bytes. Default `application/octet-stream`. */
  readonly contentType?: string;
}

/** Options of {@link HttpStream.create}. */
export interface HttpCreateOptions {
  /** What is in it from the beginning. */
  readonly items?: readonly HttpItem[];
  /** Whether there will never be more in it. Default `false`. */
  readonly closed?: boolean;
  /** It goes when nobody has read or written for so long; rounded up to whole seconds. */
  readonly ttlMs?: number;
  /** It goes at this time. */
  readonly expiresAt?: Date;
  /** Path of a stream it begins as a copy of. */
  readonly forkedFrom?: string;
  /** Where it parts from that stream. Default: at its end. */
  readonly forkOffset?: string;
  /** How far behind that offset: messages of JSON, else bytes. */
  readonly forkSubOffset?: number;
}

/** Options of {@link HttpStream.append}. */
export interface HttpAppendOptions {
  /** `Stream-Seq`: must be greater, byte by byte, than that of the last append; else the append is refused. */
  readonly seq?: string;
}

/** Where a stream ends after a write. */
export interface HttpWritten {
  /** `undefined` when the server did not say. */
  readonly offset: string | undefined;
}

/** What {@link HttpStream.create} found. */
export interface HttpCreated extends HttpWritten {
  /** `false` when there was such a stream already. */
  readonly created: boolean;
}

/** What a stream is like. */
export interface HttpStreamInfo extends HttpWritten {
  readonly contentType: string | undefined;
  readonly closed: boolean;
  readonly ttlMs: number | undefined;
  readonly expiresAt: string | undefined;
}

/** A stream on a Durable Streams server, to write to. A request is repeated only where that cannot keep anything twice. */
export interface HttpStream {
  /** Makes the stream, or finds one like it. @throws {@link HttpError} `stream-exists` when there is one unlike it */
  create(options?: HttpCreateOptions): Promise<HttpCreated>;
  /**
   * Appends one item. When the connection breaks before the answer, nobody knows whether it is kept, and it is not sent
   * again: `connection-lost`. A producer (`createHttpProducer`) always knows.
   *
   * @throws {@link HttpError} `stream-closed`, `stream-not-found`, or `sequence-gap` for a `seq` that is not greater
   */
  append(item: HttpItem, options?: HttpAppendOptions): Promise<HttpWritten>;
  /** Appends some items, all of them or none. */
  appendAll(items: readonly HttpItem[], options?: HttpAppendOptions): Promise<HttpWritten>;
  /** Closes the stream, behind one last item if there is one. Without one it may be closed already. */
  close(item?: HttpItem): Promise<HttpWritten>;
  /** Removes the stream. */
  delete(): Promise<void>;
  /** Tells what the stream is like. */
  head(): Promise<HttpStreamInfo>;
}

/**
 * A stream on any Durable Streams server, by its address.
 *
 * @example
 * const log = httpStream({ url: 'http://127.0.0.1:4437/v1/stream/log', contentType: 'application/json' });
 * await log.create();
 * await log.append({ hello: 'world' });
 *
 * @throws TypeError or RangeError naming the option that is wrong
 */
export function httpStream(options: HttpStreamOptions): HttpStream {
  const encoding = encodingOf(options.contentType ?? 'application/octet-stream');
  return new Stream(httpRules(options), encoding);
}

class Stream implements HttpStream {
  readonly #rules: HttpRules;
  readonly #encoding: Encoding;

  constructor(rules: HttpRules, encoding: Encoding) {
    this.#rules = rules;
    this.#encoding = encoding;
  }

  async create(options: HttpCreateOptions = {}): Promise<HttpCreated> {
    const { items = [], closed = false } = options;
    const headers = { ...this.#typed(closed), ...lifeOf(options), ...forkOf(options) };
    const body = items.length === 0 ? undefined : this.#bodyOf(items);
    const answer = await sendUntil(this.#rules, { method: 'PUT', headers, body });
    return { created: answer.status === 201, offset: offsetOf(answer) };
  }

  append(item: HttpItem, options?: HttpAppendOptions): Promise<HttpWritten> {
    return this.appendAll([item], options);
  }

  async appendAll(items: readonly HttpItem[], { seq }: HttpAppendOptions = {}): Promise<HttpWritten> {
    if (!Array.isArray(items)) throw new TypeError(`items must be an array, got ${kindOf(items)}`);
    if (items.length === 0) throw new TypeError('items must not be empty');
    if (seq !== undefined) checkHeaderValue('seq', seq);
    const headers = { ...this.#typed(false), 'stream-seq': seq };
    return this.#write({ method: 'POST', headers, body: this.#bodyOf(items) }, false);
  }

  async close(item?: HttpItem): Promise<HttpWritten> {
    if (item === undefined) return this.#write({ method: 'POST', headers: { 'stream-closed': 'true' } }, true);
    return this.#write({ method: 'POST', headers: this.#typed(true), body: this.#bodyOf([item]) }, false);
  }

  async delete(): Promise<void> {
    let unknown = false;
    const failed = (error: unknown): void => {
      unknown ||= isUnknown(error);
    };
    try {
      await sendUntil(this.#rules, { method: 'DELETE' }, { failed });
    } catch (error) {
      // Whoever removed it may have been ourselves, before the answer was lost.
      if (!unknown || !(error instanceof HttpError) || error.status !== 404) throw error;
    }
  }

  async head(): Promise<HttpStreamInfo> {
    const answer = await sendUntil(this.#rules, { method: 'HEAD' });
    const { headers } = answer;
    const ttl = headers.get('stream-ttl');
    return {
      offset: offsetOf(answer),
      contentType: headers.get('content-type') ?? undefined,
      closed: isTrue(headers.get('stream-closed')),
      ttlMs: ttl === null ? undefined : Number(ttl) * 1000,
      expiresAt: headers.get('stream-expires-at') ?? undefined,
    };
  }

  async #write(request: HttpRequest, repeatable: boolean): Promise<HttpWritten> {
    return { offset: offsetOf(await sendUntil(this.#rules, request, { repeatable })) };
  }

  #typed(closed: boolean): Readonly<Record<string, string | undefined>> {
    return { 'content-type': this.#encoding.contentType, 'stream-closed': closed ? 'true' : undefined };
  }

  #bodyOf(items: readonly HttpItem[]): Uint8Array {
    return this.#encoding.join(items.map((item) => this.#encoding.encode(item)));
  }
}

function lifeOf({ ttlMs, expiresAt }: HttpCreateOptions): Readonly<Record<string, string | undefined>> {
  if (ttlMs !== undefined && expiresAt !== undefined) {
    throw new TypeError('ttlMs and expiresAt exclude each other');
  }
  if (ttlMs !== undefined) checkBound('ttlMs', ttlMs, { min: 0 });
  if (expiresAt !== undefined && (!(expiresAt instanceof Date) || Number.isNaN(expiresAt.getTime()))) {
    throw new TypeError(`expiresAt must be a valid Date, got ${kindOf(expiresAt)}`);
  }
  const ttl = ttlMs === undefined ? undefined : `${Math.ceil(ttlMs / 1000)}`;
  return { 'stream-ttl': ttl, 'stream-expires-at': expiresAt?.toISOString() };
}

function forkOf(options: HttpCreateOptions): Readonly<Record<string, string | undefined>> {
  const { forkedFrom, forkOffset, forkSubOffset } = options;
  if (forkedFrom !== undefined) checkHeaderValue('forkedFrom', forkedFrom);
  if (forkOffset !== undefined) checkHeaderValue('forkOffset', forkOffset);
  if (forkSubOffset !== undefined) checkBound('forkSubOffset', forkSubOffset, { min: 0 });
  if (forkedFrom === undefined && (forkOffset ?? forkSubOffset) !== undefined) {
    throw new TypeError('forkOffset and forkSubOffset need forkedFrom');
  }
  return {
    'stream-forked-from': forkedFrom,
    'stream-fork-offset': forkOffset,
    'stream-fork-sub-offset': forkSubOffset?.toString(),
  };
}

/** Whether nobody knows what became of a request: there was no answer, or somebody between gave up waiting for it. */
function isUnknown(error: unknown): boolean {
  if (!(error instanceof HttpError)) return false;
  return error.status === undefined || error.status === 408 || error.status === 502 || error.status === 504;
}

interface SendOptions {
  /** Whether it may be sent again when nobody knows whether it has arrived. Default `true`. */
  readonly repeatable?: boolean;
  /** Hears of every failure before it is tried again. */
  readonly failed?: (error: unknown) => void;
}

/** Sends a request until it is answered for good. */
async function sendUntil(
  rules: HttpRules,
  request: HttpRequest,
  { repeatable = true, failed }: SendOptions = {},
): Promise<Response> {
  const retries = createRetries(rules, rules.signal, 'httpStream');
  for (;;) {
    try {
      return await send(rules, request, rules.signal);
    } catch (error) {
      if (!repeatable && isUnknown(error)) throw error;
      failed?.(error);
      await retries.failed(error);
    }
  }
}
