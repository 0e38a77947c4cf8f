import {
  asyncScheduler,
  BehaviorSubject,
  Observable,
  type SchedulerLike,
  Subject,
  type Subscriber,
  type Subscription,
} from 'rxjs';
import {
  checkBound,
  checkJoinPosition,
  checkName,
  type Chunk,
  type JoinPosition,
  type JsonValue,
  kindOf,
} from '../chunk/index.js';
import { Consumer } from '../source/consumer.js';
import type { ClientTransport, ReadTransport } from '../transport/transport.js';
import { type BackoffOptions, createBackoff, createSpread } from './backoff.js';
import { Connection, type ConnectionState } from './connection.js';
import { Line, type LineSettings, type Machine } from './line.js';
import { type MakesReader, Reader } from './reader.js';
import { Reading, type Window } from './reading.js';
import { wakeUps } from './wake-ups.js';

/** Options of {@link createReadClient}. */
export interface ReadClientOptions {
  /**
   * How to reach the server: `createWebSocketReadTransport`, `createSseTransport`, or one of your own. Where the server asks who reads:
   * `withToken` around it.
   */
  readonly transport: ReadTransport;
  /** What a reader takes before it has consumed some. Default 256 chunks and 1 MiB. */
  readonly window?: Window;
  /** Waits between attempts to connect. */
  readonly backoff?: BackoffOptions;
  /** Failed attempts in a row after which everything fails with `connection-lost`. Default `Infinity`. */
  readonly maxRetries?: number;
  /** How long opening a connection may take. Default 10 000 ms. */
  readonly connectMs?: number;
  /** Most time between two pings. Default 30 000 ms; the server may ask for less. */
  readonly pingMs?: number;
  /** How long an answer may take before the request is sent again. Default 5 000 ms. */
  readonly retryMs?: number;
  /**
   * Tells that it is pointless to wait on: whoever waits to connect again does it at once, and an open connection is asked
   * whether it still lives. Default: the events by which browsers tell that the network is back, or the tab awake.
   */
  readonly wake?: Observable<unknown>;
  /** Runs work at the end of the event loop's turn. Default `setImmediate`, elsewhere a microtask. */
  readonly defer?: (work: () => void) => void;
  /** Clock and timers. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** How a stream is received. */
export interface ReceiveOptions {
  /**
   * Where to begin. From `snapshot` the first chunk is what those before come to, where the server has that: the same data in
   * the end, in one message instead of thousands. One that stands for others is told by `snapshotOf`. Default `beginning`.
   */
  readonly from?: JoinPosition;
  /** Overrides the client's. */
  readonly window?: Window;
  /** What to do about chunks that are no longer kept: fail with `gap`, or go on behind them. Default `error`. */
  readonly onGap?: 'error' | 'skip';
  /** Told the number of the next chunk when the server has found the stream: at the beginning, and after each interruption. */
  readonly joined?: (seq: number) => void;
}

/**
 * Reads streams of a server, over as many connections as it takes. `C` says what chunks these are, where that is known, as in
 * `ReadClient<TextChunk | JsonChunk<Price>>`; `validate` proves it.
 */
export interface ReadClient<C = Chunk> {
  /** Where the connection stands: the current state, then every change. */
  readonly state: Observable<ConnectionState>;

  /**
   * Reads a stream: every chunk once, in order, whatever happens to the connection; ends as the stream ends. A chunk counts
   * as consumed when the subscriber's `next` returns.
   */
  receive(streamId: string, options?: ReceiveOptions): Observable<C>;

  /**
   * Reads a stream at the consumer's pace. A chunk counts as consumed when it is taken: a consumer that stops taking stops
   * the server after a window's worth.
   */
  read(streamId: string, options?: ReceiveOptions): AsyncIterableIterator<C> & AsyncDisposable;

  /** Ends a stream for everybody: its readers end, its producers are told to stop. */
  cancel(streamId: string, reason?: string): void;

  /** What the server tells this client beside all streams, at most once. Hot; completes when the client is closed. */
  readonly pushed: Observable<JsonValue>;

  /** Ends the connection. What is being read, or written, fails with `client-closed`. */
  close(): void;
}

/**
 * Makes a client that only reads: the lighter half of `createClient`, for pages that do not write.
 *
 * @example
 * const client = createReadClient({ transport: createWebSocketReadTransport({ url: location.origin }) });
 * client.receive('books/moby-dick').subscribe((chunk) => show(chunk.data));
 */
export function createReadClient<C extends Omit<Chunk, 'data'> = Chunk>(options: ReadClientOptions): ReadClient<C> {
  return new StreamReader<C>(options);
}

interface Settings extends LineSettings {
  readonly window: Window;
}

function settle(options: ReadClientOptions): Settings {
  const { window = { chunks: 256, bytes: 1 << 20 }, maxRetries = Infinity, backoff } = options;
  const ms = (name: 'connectMs' | 'pingMs' | 'retryMs', usual: number): number =>
    checkBound(name, options[name] ?? usual);
  return {
    window: checkWindow(window),
    limits: {
      connectMs: ms('connectMs', 10_000),
      pingMs: ms('pingMs', 30_000),
      retryMs: ms('retryMs', 5000),
      maxRetries: checkBound('maxRetries', maxRetries, { min: 0, infinite: true }),
      backoff: createBackoff(backoff),
      spread: createSpread(backoff),
    },
    scheduler: options.scheduler ?? asyncScheduler,
    defer: options.defer ?? defaultDefer(),
  };
}

function checkWindow(window: Window): Window {
  checkBound('window.chunks', window.chunks, { max: 1 << 20 });
  checkBound('window.bytes', window.bytes);
  return window;
}

/** @internal Longest reason, in characters: what a frame may hold. */
export const maxReason = 1024;

/**
 * @internal Checks the length of a text.
 *
 * @throws TypeError or RangeError naming the option
 */
export function checkLength(name: string, text: unknown, min: number, max: number): string {
  if (typeof text !== 'string') throw new TypeError(`${name} must be a string, got ${kindOf(text)}`);
  checkBound(`${name}.length`, text.length, { min, max });
  return text;
}

/** @internal The reading half of a client; the other half builds on it. */
export class StreamReader<C> implements ReadClient<C> {
  protected readonly settings: Settings;
  readonly #states = new BehaviorSubject<ConnectionState>('idle');
  /** The first is for everything; a further one is there only while a stream is read twice at the same time. */
  protected readonly lines: Line[];
  readonly state: Observable<ConnectionState> = this.#states.asObservable();
  readonly #pushes = new Subject<JsonValue>();
  readonly pushed = this.#pushes.asObservable();
  #waking: Subscription | undefined;

  readonly #options: ReadClientOptions;
  readonly #machine: Machine<Connection>;
  readonly #makesReader: MakesReader;

  /**
   * @param machine - what stands at every line
   * @param makesReader - what puts right what it hands up
   */
  constructor(
    options: ReadClientOptions,
    machine: Machine<Connection> = Connection,
    makesReader: MakesReader = (...parts) => new Reader(...parts),
  ) {
    this.#options = options;
    this.#machine = machine;
    this.#makesReader = makesReader;
    this.settings = settle(options);
    const heard = (state: ConnectionState): void => {
      // Not before it is needed: who listens to a page is held by it.
      if (state === 'connecting') this.#waking ??= this.#wakeUp();
      this.#states.next(state);
    };
    this.lines = [this.#line(heard)];
  }

  #wakeUp(): Subscription {
    const wake = this.#options.wake ?? wakeUps();
    return wake.subscribe(() => {
      for (const line of this.lines) line.connection.wake(this.settings.scheduler.now());
    });
  }

  #line(state: (state: ConnectionState) => void): Line {
    return new Line(
      // What stands at the lines sends requests only, or it was handed a transport for all frames.
      this.#options.transport as ClientTransport,
      this.settings,
      { state, pushed: (data) => this.#pushes.next(data) },
      this.#machine,
    );
  }

  receive(streamId: string, options: ReceiveOptions = {}): Observable<C> {
    const open = this.#opening(streamId, options);
    const chunks: Observable<unknown> = new Observable<Chunk>((destination) => void open(destination, true));
    return chunks as Observable<C>;
  }

  read(streamId: string, options: ReceiveOptions = {}): AsyncIterableIterator<C> & AsyncDisposable {
    const open = this.#opening(streamId, options);
    let consumed!: (chunk: Chunk) => void;
    const source = new Observable<Chunk>((destination) => {
      consumed = open(destination, false);
    });
    // Credit is the bound: nothing comes further than a window beyond what was taken, but for a snapshot before it.
    const chunks: unknown = new Consumer(source, (chunk) => consumed(chunk));
    return chunks as AsyncIterableIterator<C> & AsyncDisposable;
  }

  /**
   * Checks the options now. What it returns begins a reading, of which a chunk is consumed at once when `next` returns, or when
   * the function says so that it answers with.
   */
  #opening(streamId: string, options: ReceiveOptions) {
    checkName(streamId);
    const from = checkJoinPosition(options.from ?? 'beginning');
    const window = checkWindow(options.window ?? this.settings.window);
    return (destination: Subscriber<Chunk>, atOnce: boolean): ((chunk: Chunk) => void) => {
      const { scheduler } = this.settings;
      const line = this.#lineFor(streamId);
      const { connection } = line;
      const consumed = (chunk: Chunk): void => connection.consumed(reading, 1, chunk.size);
      const reader: Reader = this.#makesReader(
        {
          received: (next, chunks, bytes) => reading.received(next, chunks, bytes),
          request: (ranges) => connection.missing(reading, ranges, scheduler.now()),
          consumed: atOnce ? consumed : undefined,
        },
        { streamId, onGap: options.onGap ?? 'error', joined: options.joined },
        destination,
      );
      const reading = new Reading(streamId, from, window, reader);
      destination.add(() => {
        reader.stop();
        connection.unread(reading, scheduler.now());
        this.#release(line);
      });
      if (!destination.closed) connection.read(reading, scheduler.now());
      return consumed;
    };
  }

  #lineFor(streamId: string): Line {
    const free = this.lines.find((line) => !line.connection.reads(streamId));
    if (free !== undefined) return free;
    const line = this.#line(() => {});
    this.lines.push(line);
    return line;
  }

  #release(line: Line): void {
    if (line === this.lines[0] || !line.connection.unused) return;
    this.lines.splice(this.lines.indexOf(line), 1);
    line.connection.close();
  }

  cancel(streamId: string, reason = ''): void {
    checkLength('reason', reason, 0, maxReason);
    this.lines[0]!.connection.cancel(checkName(streamId), reason || undefined, this.settings.scheduler.now());
  }

  close(): void {
    this.#waking?.unsubscribe();
    for (const line of this.lines) line.connection.close();
    this.#states.complete();
    this.#pushes.complete();
  }
}

function defaultDefer(): (work: () => void) => void {
  const { setImmediate } = globalThis as { setImmediate?: (work: () => void) => unknown };
  return setImmediate === undefined ? queueMicrotask : (work) => void setImmediate(work);
}
