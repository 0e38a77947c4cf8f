import type { SchedulerLike } from 'rxjs';
import { Silence } from '../../../operators/silence.js';
import { type ErrorCode, StreamError } from '../../chunk/index.js';
import { createEventStreamReader, type EventStreamReader, type IncomingEvent } from '../../format/event-stream.js';
import { readPlace, runHeader, writePlace } from './chat-place.js';
import type { UiMessageChunk } from './ui-chunk.js';

/** @internal How one answer is read. */
export interface ChatReadingOptions {
  /** Asks for the answer from behind a place, once more. */
  readonly again: (lastEventId: string, signal: AbortSignal) => Promise<Response>;
  /** Called when the answer has been read to its end: then there is nothing left to stop. */
  readonly ended: () => void;
  /** Aborts when the reader wants no more. */
  readonly signal: AbortSignal | undefined;
  readonly maxRetries: number;
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  readonly idleMs: number;
  readonly maxEventBytes: number;
  readonly random: () => number;
  readonly scheduler: SchedulerLike;
}

const lastWords: ReadonlySet<string> = new Set(['finish', 'abort', 'error']);
/** Answers that may be others later. */
const passing = (status: number): boolean => status >= 500 || status === 408 || status === 425 || status === 429;

/**
 * Reads one answer over as many connections as it takes: when one breaks, or falls silent, the next goes on behind the last
 * chunk that came, so that nothing is missing and nothing comes twice.
 *
 * @internal
 */
export class ChatReading {
  private readonly controller = new AbortController();
  private body: ReadableStreamDefaultReader<Uint8Array> | undefined;
  private events: EventStreamReader;
  private ready: UiMessageChunk[] = [];
  private place: string | undefined;
  private retries = 0;
  /** `[DONE]` has come, or something else after which nothing does. */
  private done = false;
  private lastWord = false;
  private readonly silence: Silence;

  constructor(
    response: Response,
    private readonly options: ChatReadingOptions,
  ) {
    this.events = this.eventReader();
    const { scheduler, idleMs, signal } = options;
    // Only a server that can be asked again is hung up on.
    this.silence = new Silence(scheduler, idleMs, () => {
      if (this.place !== undefined) void this.body?.cancel().catch(() => {});
    });
    signal?.addEventListener('abort', this.abort);
    if (signal?.aborted === true) this.abort();
    this.connect(response);
    this.silence.start();
  }

  private get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The chunks, for one reader. */
  stream(): ReadableStream<UiMessageChunk> {
    return new ReadableStream(
      {
        pull: async (controller) => {
          try {
            const chunk = await this.next();
            if (chunk === undefined) controller.close();
            else controller.enqueue(chunk);
          } catch (error) {
            this.leave();
            throw error;
          }
        },
        cancel: () => this.leave(),
      },
      { highWaterMark: 0 },
    );
  }

  private readonly abort = (): void => {
    this.controller.abort(this.options.signal!.reason);
    void this.body?.cancel().catch(() => {});
  };

  private leave(): void {
    this.silence.stop();
    this.options.signal?.removeEventListener('abort', this.abort);
    this.controller.abort();
    void this.body?.cancel().catch(() => {});
  }

  private connect(response: Response): void {
    const run = response.headers.get(runHeader);
    if (run !== null) this.place ??= writePlace({ run, seq: -1 });
    this.events = this.eventReader();
    this.body = response.body?.getReader();
  }

  private eventReader(): EventStreamReader {
    const { maxEventBytes } = this.options;
    return createEventStreamReader((event) => this.take(event), { maxEventBytes });
  }

  private async next(): Promise<UiMessageChunk | undefined> {
    for (;;) {
      const chunk = this.ready.shift();
      if (chunk !== undefined) return chunk;
      if (this.done) {
        this.options.ended();
        this.leave();
        return undefined;
      }
      const bytes = await this.read();
      if (this.signal.aborted) throw this.signal.reason;
      this.silence.interrupt();
      if (bytes !== undefined) this.events.push(bytes);
      else if (this.place === undefined) this.endPlainly();
      else await this.goOn();
    }
  }

  /** Nothing where the connection is over, whichever way. */
  private async read(): Promise<Uint8Array | undefined> {
    try {
      return (await this.body?.read())?.value;
    } catch {
      return undefined;
    }
  }

  private take({ id, data }: IncomingEvent): void {
    if (this.done) return;
    if (data === '[DONE]') {
      this.done = true;
      return;
    }
    if (id !== undefined && this.isOld(id)) return;
    const chunk = parsed(data);
    if (lastWords.has(chunk.type)) this.lastWord = true;
    this.retries = 0;
    this.ready.push(chunk);
  }

  /** Whether it has come before. What is told here is the place from now on. */
  private isOld(id: string): boolean {
    const { run, seq } = readPlace(id);
    const last = this.place === undefined ? undefined : readPlace(this.place);
    if (last?.run === run && seq <= last.seq) return true;
    this.place = id;
    return false;
  }

  /** A server that knows no places cannot be asked to go on. */
  private endPlainly(): void {
    if (!this.lastWord) throw trouble('connection-lost', 'the answer ends before it is over');
    this.done = true;
  }

  private async goOn(): Promise<void> {
    const { maxRetries, again } = this.options;
    for (;;) {
      if (this.retries >= maxRetries)
        throw trouble('connection-lost', `the connection broke ${maxRetries} times in a row`);
      await this.wait();
      const response = await again(this.place!, this.signal).catch(() => undefined);
      if (this.signal.aborted) throw this.signal.reason;
      if (response === undefined) continue;
      if (response.status === 200) return this.connect(response);
      void response.body?.cancel().catch(() => {});
      if (response.status === 204) throw trouble('stream-not-found', 'the answer is not kept any more');
      if (!passing(response.status)) throw trouble('connection-refused', `the server answers with ${response.status}`);
    }
  }

  /** At once the first time: most often a connection just broke. Then a random while, up to a bound that doubles. */
  private async wait(): Promise<void> {
    const { initialDelayMs, maxDelayMs, random, scheduler } = this.options;
    const tries = this.retries++;
    if (tries === 0) return;
    const delayMs = random() * Math.min(maxDelayMs, initialDelayMs * 2 ** (tries - 1));
    await new Promise<void>((resolve) => {
      const timer = scheduler.schedule(() => resolve(), delayMs);
      const stop = (): void => {
        timer.unsubscribe();
        resolve();
      };
      this.signal.addEventListener('abort', stop, { once: true });
    });
    if (this.signal.aborted) throw this.signal.reason;
  }
}

function trouble(code: ErrorCode, message: string): StreamError {
  return new StreamError(code, message);
}

function parsed(data: string): UiMessageChunk {
  let chunk: unknown;
  try {
    chunk = JSON.parse(data);
  } catch (cause) {
    throw new StreamError('data-malformed', 'a chunk is not JSON', { cause });
  }
  if (typeof (chunk as { type?: unknown } | null)?.type === 'string') return chunk as UiMessageChunk;
  throw new StreamError('data-malformed', 'a chunk has no type');
}
