import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { checkBound, StreamError } from '../../chunk/index.js';
import { ChatReading } from './chat-reading.js';
import type { UiMessageChunk } from './ui-chunk.js';

/** What `useChat` says with a request. */
export interface ChatRequestOptions {
  readonly headers?: Record<string, string> | Headers;
  readonly body?: object;
  readonly metadata?: unknown;
}

/** What `useChat` asks a transport to send. */
export interface SendMessages<Message> extends ChatRequestOptions {
  readonly trigger: 'submit-message' | 'regenerate-message';
  readonly chatId: string;
  readonly messageId: string | undefined;
  readonly messages: Message[];
  readonly abortSignal: AbortSignal | undefined;
}

/** What `useChat` asks a transport to go on with. */
export interface ReconnectToStream extends ChatRequestOptions {
  readonly chatId: string;
  readonly abortSignal?: AbortSignal | undefined;
}

/** A `ChatTransport` of the AI SDK, versions 5 and later, to a chat of `createChat`. */
export interface ChatTransport<Message> {
  /** Who comes back gets the whole answer, and begins its message anew. */
  readonly resumeStreamIsReplay: true;
  sendMessages(options: SendMessages<Message>): Promise<ReadableStream<UiMessageChunk>>;
  /** The answer that counts, whether or not it has ended; `null` when there is none. */
  reconnectToStream(options: ReconnectToStream): Promise<ReadableStream<UiMessageChunk> | null>;
  /** Stops the answer for everybody who reads it, from wherever. */
  stop(chatId: string): Promise<void>;
}

/** Options of {@link createChatTransport}. */
export interface ChatTransportOptions {
  /** Where the chat is; the answer is at `api/ID/stream`. Default `/api/chat`. */
  readonly api?: string;
  /** Sent with every request; asked anew each time where it is a function. */
  readonly headers?: Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>);
  /** Sent with every message. */
  readonly body?: object;
  readonly credentials?: RequestCredentials;
  /** Default the platform's. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Whether `stop()` of `useChat` stops the answer for everybody. Otherwise it only stops reading. Default `true`. */
  readonly stopOnAbort?: boolean;
  /** How often in a row a connection may break before the answer fails. Default 10. */
  readonly maxRetries?: number;
  /** Bound of the first random wait; it doubles. Default 500. */
  readonly initialDelayMs?: number;
  /** Bound of all waits. Default 10 000. */
  readonly maxDelayMs?: number;
  /** How long a connection may be silent before it counts as broken: longer than the server's heartbeats. Default 45 000. */
  readonly idleMs?: number;
  /** Bytes one chunk may have. Default 16 Mi. */
  readonly maxEventBytes?: number;
  /** Default `Math.random`. */
  readonly random?: () => number;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/**
 * The reader's side of `useChat`. An answer whose connection breaks goes on behind the last chunk that came, without `useChat`
 * hearing of it; a page that is loaded anew gets the whole answer, what there is at once and the rest as it comes.
 *
 * @throws TypeError or RangeError naming an option that cannot be
 *
 * @example
 * const transport = createChatTransport({ api: '/api/chat' });
 * const { messages, sendMessage, stop } = useChat({ id, transport, resume: true });
 */
export function createChatTransport<Message>(options: ChatTransportOptions = {}): ChatTransport<Message> {
  return new StreamTransport(options);
}

class StreamTransport<Message> implements ChatTransport<Message> {
  readonly resumeStreamIsReplay = true;
  private readonly bounds;
  /** The reading of each chat that began last: who is replaced by another has not stopped anything. */
  private readonly newest = new Map<string, object>();

  constructor(private readonly options: ChatTransportOptions) {
    const most = { max: 2 ** 31 - 1 };
    this.bounds = {
      maxRetries: checkBound('maxRetries', options.maxRetries ?? 10, { min: 0 }),
      initialDelayMs: checkBound('initialDelayMs', options.initialDelayMs ?? 500, most),
      maxDelayMs: checkBound('maxDelayMs', options.maxDelayMs ?? 10_000, most),
      idleMs: checkBound('idleMs', options.idleMs ?? 45_000, most),
      maxEventBytes: checkBound('maxEventBytes', options.maxEventBytes ?? 1 << 24),
      random: options.random ?? Math.random,
      scheduler: options.scheduler ?? asyncScheduler,
    };
  }

  async sendMessages(asked: SendMessages<Message>): Promise<ReadableStream<UiMessageChunk>> {
    const { chatId: id, messages, trigger, messageId, body } = asked;
    const { api = '/api/chat' } = this.options;
    const said = { ...this.options.body, ...body, id, messages, trigger, messageId };
    const headers = { 'content-type': 'application/json', ...(await this.headers(asked)) };
    const over = this.begin(asked);
    const response = await this.fetch(api, 'POST', headers, asked.abortSignal, JSON.stringify(said));
    return this.read(await checked(response), asked, over);
  }

  async reconnectToStream(asked: ReconnectToStream): Promise<ReadableStream<UiMessageChunk> | null> {
    const headers = await this.headers(asked);
    const over = this.begin(asked);
    const response = await this.fetch(this.urlOf(asked.chatId), 'GET', headers, asked.abortSignal);
    if (response.status !== 204) return this.read(await checked(response), asked, over);
    over();
    return null;
  }

  async stop(chatId: string): Promise<void> {
    await checked(await this.fetch(this.urlOf(chatId), 'DELETE', await this.headers({}), undefined));
  }

  private urlOf(chatId: string): string {
    return `${this.options.api ?? '/api/chat'}/${encodeURIComponent(chatId)}/stream`;
  }

  private async headers({ headers }: ChatRequestOptions): Promise<Record<string, string>> {
    const { headers: own = {} } = this.options;
    const always = typeof own === 'function' ? await own() : own;
    return { ...always, ...Object.fromEntries(new Headers(headers)) };
  }

  private async fetch(
    url: string,
    method: string,
    headers: Record<string, string>,
    signal: AbortSignal | undefined,
    body?: string,
  ): Promise<Response> {
    const { credentials, fetch: own = (address, init) => fetch(address, init) } = this.options;
    return await own(url, {
      method,
      headers,
      cache: 'no-store',
      ...(credentials === undefined ? {} : { credentials }),
      ...(signal === undefined ? {} : { signal }),
      ...(body === undefined ? {} : { body }),
    });
  }

  /** Listens for `stop()` from before the request, which may begin an answer even though nobody waits for it. */
  private begin({ chatId, abortSignal }: ReconnectToStream): () => void {
    const mark = {};
    this.newest.set(chatId, mark);
    const aborted = (): void => this.aborted(chatId, mark);
    if (this.options.stopOnAbort !== false) abortSignal?.addEventListener('abort', aborted, { once: true });
    return () => {
      abortSignal?.removeEventListener('abort', aborted);
      if (this.newest.get(chatId) === mark) this.newest.delete(chatId);
    };
  }

  private read(response: Response, asked: ReconnectToStream, ended: () => void): ReadableStream<UiMessageChunk> {
    const reading = new ChatReading(response, {
      ...this.bounds,
      ended,
      signal: asked.abortSignal,
      again: async (lastEventId, signal) => {
        const headers = { ...(await this.headers(asked)), 'last-event-id': lastEventId };
        return await this.fetch(this.urlOf(asked.chatId), 'GET', headers, signal);
      },
    });
    return reading.stream();
  }

  /** `useChat` also aborts a reading that another takes the place of, right before it begins that one. */
  private aborted(chatId: string, mark: object): void {
    this.bounds.scheduler.schedule(() => {
      if (this.newest.get(chatId) !== mark) return;
      // Who has stopped reading is not told that the stop did not arrive: `stop` of the transport does that.
      this.stop(chatId).catch(() => {});
    });
  }
}

/** @throws StreamError when the server has refused */
async function checked(response: Response): Promise<Response> {
  if (response.ok) return response;
  const text = await response.text();
  throw new StreamError('connection-refused', text === '' ? `the server answers with ${response.status}` : text);
}
