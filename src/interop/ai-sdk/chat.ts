import { asyncScheduler, type SchedulerLike } from 'rxjs';
import * as z from 'zod';
import { checkBound, type JsonObject, kindOf, StreamError } from '../../chunk/index.js';
import { createReaper, type Streams } from '../../streams/index.js';
import { eventBody } from '../event-body.js';
import { ChatBook } from './chat-book.js';
import { type ChatPlace, readPlace, runHeader } from './chat-place.js';
import { type ChatAnswer, runChat } from './chat-run.js';
import { RunEvents } from './run-events.js';
import { maskedError } from './to-ui-message.js';
import { uiMessageHeaders } from './write-ui-chunk.js';

/** What somebody asks in a chat, as `useChat` sends it. */
export interface ChatAsk {
  readonly chatId: string;
  /** All messages so far, as the reader has them: check them before they go to a model. */
  readonly messages: readonly JsonObject[];
  readonly trigger: string;
  /** Id of the message the answer makes. */
  readonly messageId: string;
  /** All that was sent. */
  readonly body: JsonObject;
  readonly request: Request;
}

/** Options of {@link createChat}. */
export interface ChatOptions {
  /** Where answers are kept. */
  readonly streams: Streams;
  /** Answers. The signal aborts when somebody has stopped the answer, not when readers leave. */
  readonly answer: (ask: ChatAsk, signal: AbortSignal) => ChatAnswer;
  /** What the names of the streams begin with. Default `chats`. */
  readonly prefix?: string;
  /** Whether an answer that has ended is given again to who comes back, as long as it is kept. Default `true`. */
  readonly replayEnded?: boolean;
  /** How long an answer is kept behind its end. Default: as the log says. */
  readonly ttlMs?: number;
  /** How long a producer of an answer counts as alive without a word: then the answer has failed. Default 10 000. */
  readonly leaseMs?: number;
  /** After how long a silence a comment is written. `Infinity` for never. Default 15 000. */
  readonly heartbeatMs?: number;
  /** What a reader is told when a run has failed. Default `An error occurred.` */
  readonly errorText?: (error: StreamError) => string;
  /** Makes ids of runs and messages: letters, digits, `-` and `_`. Default `crypto.randomUUID`. */
  readonly generateId?: () => string;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** Chats whose answers are kept in streams: readers come and go, and come back. */
export interface Chat {
  /**
   * Answers a request by its method: `POST` begins an answer and sends it; `GET …/ID/stream` sends the answer that counts, from
   * behind `Last-Event-ID`, or 204 when there is none; `DELETE …/ID/stream` stops it. Who may do that is for you to say before.
   */
  handle(request: Request): Promise<Response>;
  /** `POST`. */
  send(request: Request): Promise<Response>;
  /** `GET`, for frameworks that have read the path. */
  resume(chatId: string, request: Pick<Request, 'headers'>): Promise<Response>;
  /** Ends the answer for everybody, also in other processes. @returns whether there was one under way */
  stop(chatId: string, reason?: string): Promise<boolean>;
  /** Answers no more for producers that have died. What is under way goes on. */
  dispose(): void;
}

const bodySchema = z.looseObject({
  id: z.string().min(1),
  messages: z.array(z.looseObject({})),
  trigger: z.string().default('submit-message'),
});

/**
 * The server's side of `useChat`, over any log: an answer is a stream, so that a page that is loaded anew, another tab or a
 * second device reads the same answer from where it is, also when it has ended, and any of them can stop it. It outlives its
 * readers; when its producer dies, it ends with an error.
 *
 * @example
 * const chat = createChat({ streams, answer: ({ messages }, signal) => fromOpenAiChat(ask(messages), { signal }).pipe(toUiMessage()) });
 * app.all('/api/chat/*', ({ req }) => chat.handle(req.raw));
 */
export function createChat(options: ChatOptions): Chat {
  if (typeof options.answer !== 'function') {
    throw new TypeError(`answer must be a function, got ${kindOf(options.answer)}`);
  }
  return new StreamChat(options);
}

class StreamChat implements Chat {
  private readonly book: ChatBook;
  private readonly reaper;
  private readonly scheduler: SchedulerLike;
  private readonly heartbeatMs: number;
  private readonly leaseMs: number;
  private readonly generateId: () => string;

  constructor(private readonly options: ChatOptions) {
    const { streams, prefix = 'chats', scheduler = asyncScheduler } = options;
    this.scheduler = scheduler;
    this.heartbeatMs = checkBound('heartbeatMs', options.heartbeatMs ?? 15_000, { infinite: true });
    this.leaseMs = checkBound('leaseMs', options.leaseMs ?? 10_000, { max: 1_000_000_000 });
    this.generateId = options.generateId ?? (() => crypto.randomUUID());
    this.book = new ChatBook(streams, prefix);
    this.reaper = createReaper(streams, { scheduler });
  }

  async handle(request: Request): Promise<Response> {
    const { method, url } = request;
    if (method === 'POST') return await this.send(request);
    const [, id] = /\/([^/]+)\/stream\/?$/.exec(new URL(url).pathname) ?? [];
    if (id === undefined || (method !== 'GET' && method !== 'DELETE')) {
      return refused(id === undefined ? 404 : 405, 'there is nothing here');
    }
    return await answered(async () => {
      const chatId = decoded(id);
      if (method === 'GET') return await this.resume(chatId, request);
      await this.stop(chatId, 'stopped by a reader');
      return new Response(null, { status: 204 });
    });
  }

  async send(request: Request): Promise<Response> {
    return await answered(async () => {
      const body = bodySchema.parse(await request.json());
      const { id: chatId, trigger } = body;
      const messages = body.messages as JsonObject[];
      const run = this.generateId();
      // A message that is not finished, because tools had to answer, goes on.
      const last = messages.at(-1);
      const messageId = last?.['role'] === 'assistant' && typeof last['id'] === 'string' ? last['id'] : run;
      const ask = { chatId, messages, trigger, messageId, body: body as JsonObject, request };
      await this.begin(ask, run);
      return this.respond(chatId, { run, seq: -1 });
    });
  }

  private async begin(ask: ChatAsk, run: string): Promise<void> {
    const { streams, answer, ttlMs } = this.options;
    const { chatId, messageId } = ask;
    const streamId = this.book.streamOf(chatId, run);
    readPlace(`${run}.0`);
    // In this order: what the book names is there.
    await streams.create(streamId, ttlMs === undefined ? {} : { ttlMs });
    await this.book.enter(chatId, run);
    const bookId = this.book.nameOf(chatId);
    const { leaseMs, scheduler } = this;
    const asked = (signal: AbortSignal): ChatAnswer => answer(ask, signal);
    void runChat({ streams, streamId, bookId, run, messageId, leaseMs, scheduler, answer: asked });
  }

  async resume(chatId: string, request: Pick<Request, 'headers'>): Promise<Response> {
    return await answered(async () => {
      const last = request.headers.get('last-event-id');
      const place = last === null ? await this.latest(chatId) : readPlace(last);
      const info = place && (await this.options.streams.info(this.book.streamOf(chatId, place.run)));
      if (place === undefined || info === undefined) return new Response(null, { status: 204 });
      const isOver = info.status !== 'active' && last === null && this.options.replayEnded === false;
      return isOver ? new Response(null, { status: 204 }) : this.respond(chatId, place);
    });
  }

  private async latest(chatId: string): Promise<ChatPlace | undefined> {
    const run = await this.book.latest(chatId);
    return run === undefined ? undefined : { run, seq: -1 };
  }

  private respond(chatId: string, { run, seq }: ChatPlace): Response {
    const { streams, errorText = () => maskedError } = this.options;
    const chunks = streams.read(this.book.streamOf(chatId, run), { from: seq + 1 });
    const { heartbeatMs, scheduler } = this;
    const body = eventBody(new RunEvents(chunks, run, errorText), { heartbeatMs, scheduler });
    return new Response(body, { headers: { ...uiMessageHeaders, [runHeader]: run } });
  }

  async stop(chatId: string, reason?: string): Promise<boolean> {
    return await this.book.stop(chatId, reason);
  }

  dispose(): void {
    this.reaper.dispose();
  }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new StreamError('name-invalid', 'the id of the chat is not encoded as it should be', { cause });
  }
}

/** What was sent and makes no sense is the sender's business; all else is ours. */
async function answered(work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError)
      return refused(400, 'the request is none of a chat');
    const { code, message } = error instanceof StreamError ? error : { code: 'internal', message: '' };
    return code === 'name-invalid' || code === 'data-malformed' ? refused(400, message) : refused(500, maskedError);
  }
}

function refused(status: number, message: string): Response {
  return Response.json({ message }, { status, headers: { 'cache-control': 'no-store' } });
}
