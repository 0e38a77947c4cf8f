import { asyncScheduler, BehaviorSubject, Observable, type SchedulerLike, Subject, type Subscription } from 'rxjs';
import {
  checkBound,
  checkJoinPosition,
  checkName,
  type Chunk,
  type ChunkBody,
  encodeChunk,
  type JoinPosition,
  type JsonValue,
  kindOf,
} from '../chunk/index.js';
import type { AppendOptions } from '../log/log.js';
import type { Probe } from '../probe/index.js';
import { toAsyncIterable } from '../source/iterable.js';
import type { ClientTransport, Link } from '../transport/transport.js';
import { type BackoffOptions, createBackoff, createSpread } from './backoff.js';
import { Connection, type ConnectionActions, type ConnectionLimits, type ConnectionState } from './connection.js';
import { Reader } from './reader.js';
import { Reading, type Window } from './reading.js';
import { type TokenSource, withToken } from './with-token.js';
import { Writer } from './writer.js';

/** Options of {@link createClient}. */
export interface ClientOptions {
  /** How to reach the server: `createWebSocketTransport`, `createSseTransport`, or one of your own. */
  readonly transport: ClientTransport;
  /**
   * Says who this client is: a token, or what gets one. Asked for each connection, and again before the time of one is over.
   * Default: nobody in particular.
   */
  readonly token?: TokenSource;
  /** What a reader takes before it has consumed some. Default 256 chunks and 1 MiB. */
  readonly window?: Window;
  /** How long a missing chunk may take before it is asked for again. Default 200 ms. */
  readonly gapMs?: number;
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
  /** Chunks given to `publish` that may wait for their acknowledgement; one more is an `overflow`. Default 65 536. */
  readonly maxQueue?: number;
  /**
   * Name this client writes under. One that was used before is taken over: the earlier life can write no more. Default: a
   * random one.
   */
  readonly producer?: string;
  /** Told of duplicates, holes, repairs. */
  readonly probe?: Probe;
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
}

/** Reads and writes streams of a server, over as many connections as it takes. */
export interface Client {
  /** Where the connection stands: the current state, then every change. */
  readonly state: Observable<ConnectionState>;

  /**
   * Reads a stream: every chunk once, in order, whatever happens to the connection; ends as the stream ends. A chunk counts
   * as consumed when the subscriber's `next` returns.
   */
  receive(streamId: string, options?: ReceiveOptions): Observable<Chunk>;

  /**
   * Reads a stream at the consumer's pace. A chunk counts as consumed when it is taken: a consumer that stops taking stops
   * the server after a window's worth.
   */
  read(streamId: string, options?: ReceiveOptions): AsyncIterableIterator<Chunk> & AsyncDisposable;

  /**
   * Writes chunks, and perhaps the stream's end. Resolves when the server keeps them; sends them again as often as it
   * takes, and they are kept once. Calls for one stream go in order.
   */
  publish(streamId: string, chunks: readonly ChunkBody[], options?: AppendOptions): Promise<{ readonly next: number }>;

  /** Ends a stream for everybody: its readers end, its producers are told to stop. */
  cancel(streamId: string, reason?: string): void;

  /** Streams this client writes to that somebody cancelled. */
  readonly stopped: Observable<{ readonly streamId: string; readonly reason: string | undefined }>;

  /** What the server tells this client beside all streams, at most once. Hot; completes when the client is closed. */
  readonly pushed: Observable<JsonValue>;

  /** Ends the connection. What is being read or written fails with `client-closed`. */
  close(): void;
}

/**
 * Makes a client. It connects when it is first used.
 *
 * @example
 * const client = createClient({ transport: createWebSocketTransport({ url: 'ws://127.0.0.1:4437' }) });
 * client.receive('books/moby-dick').subscribe((chunk) => show(chunk.data));
 */
export function createClient(options: ClientOptions): Client {
  return new StreamClient(options);
}

interface Settings {
  readonly window: Window;
  readonly gapMs: number;
  readonly limits: ConnectionLimits;
  readonly scheduler: SchedulerLike;
  readonly defer: (work: () => void) => void;
}

function settle(options: ClientOptions): Settings {
  return {
    window: checkWindow(options.window ?? { chunks: 256, bytes: 1 << 20 }),
    gapMs: checkBound('gapMs', options.gapMs ?? 200),
    limits: {
      connectMs: checkBound('connectMs', options.connectMs ?? 10_000),
      pingMs: checkBound('pingMs', options.pingMs ?? 30_000),
      retryMs: checkBound('retryMs', options.retryMs ?? 5000),
      maxRetries: checkBound('maxRetries', options.maxRetries ?? Infinity, { min: 0, infinite: true }),
      backoff: createBackoff(options.backoff),
      spread: createSpread(options.backoff),
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

/** Longest name of a producer, and longest reason, in characters: what a frame may hold. */
const maxProducer = 256;
const maxReason = 1024;

function checkAppend({ producer, close }: AppendOptions): void {
  if (producer !== undefined) {
    checkLength('producer.id', producer.id, 1, maxProducer);
    checkBound('producer.epoch', producer.epoch, { min: 0 });
    checkBound('producer.seq', producer.seq, { min: 0 });
  }
  checkLength('close.reason', close?.reason ?? '', 0, maxReason);
}

function checkLength(name: string, text: unknown, min: number, max: number): string {
  if (typeof text !== 'string') throw new TypeError(`${name} must be a string, got ${kindOf(text)}`);
  checkBound(`${name}.length`, text.length, { min, max });
  return text;
}

class StreamClient implements Client {
  private readonly settings: Settings;
  private readonly states = new BehaviorSubject<ConnectionState>('idle');
  private readonly writer: Writer;
  /** The first is for everything; a further one is there only while a stream is read twice at the same time. */
  private readonly lines: Line[];
  readonly state: Observable<ConnectionState> = this.states.asObservable();
  readonly stopped;
  private readonly pushes = new Subject<JsonValue>();
  readonly pushed = this.pushes.asObservable();

  constructor(private readonly options: ClientOptions) {
    this.settings = settle(options);
    const line = this.line((state) => this.states.next(state));
    this.lines = [line];
    const maxQueue = checkBound('maxQueue', options.maxQueue ?? 65_536);
    const producer = checkLength('producer', options.producer ?? crypto.randomUUID(), 1, maxProducer);
    // Under a name of its own it may have written before: by the time, this life comes after that. By chance it is no other's
    // that began in the same millisecond: what the one sent would be taken for what the other had.
    const { random = Math.random } = options.backoff ?? {};
    const epoch = options.producer === undefined ? 0 : Math.floor((this.settings.scheduler.now() + random()) * 1000);
    this.writer = new Writer(line, this.settings.scheduler, { id: producer, epoch }, maxQueue);
    this.stopped = this.writer.stopped;
  }

  private line(state: (state: ConnectionState) => void): Line {
    const { transport, token } = this.options;
    const known = token === undefined ? transport : withToken(transport, token, this.settings.scheduler);
    return new Line(known, this.settings, { state, pushed: (data) => this.pushes.next(data) });
  }

  receive(streamId: string, options: ReceiveOptions = {}): Observable<Chunk> {
    const open = this.reading(streamId, options);
    return new Observable((destination) => {
      const { chunks, consumed, begin, end } = open();
      destination.add(end);
      destination.add(
        chunks.subscribe({
          next: (chunk) => {
            destination.next(chunk);
            consumed(chunk);
          },
          error: (error: unknown) => destination.error(error),
          complete: () => destination.complete(),
        }),
      );
      if (!destination.closed) begin();
    });
  }

  read(streamId: string, options: ReceiveOptions = {}): AsyncIterableIterator<Chunk> & AsyncDisposable {
    const open = this.reading(streamId, options);
    let consumed!: (chunk: Chunk) => void;
    const source = new Observable<Chunk>((destination) => {
      const reading = open();
      consumed = reading.consumed;
      destination.add(reading.end);
      destination.add(reading.chunks.subscribe(destination));
      reading.begin();
    });
    // Credit is the bound: the server cannot send more than a window beyond what was taken, and a snapshot before it.
    const capacity = (options.window ?? this.settings.window).chunks + 1;
    return toAsyncIterable(source, { capacity, taken: (chunk) => consumed(chunk) });
  }

  /** Checks the options now; what it returns begins a reading. */
  private reading(streamId: string, options: ReceiveOptions) {
    checkName(streamId);
    const from = checkJoinPosition(options.from ?? 'beginning');
    const window = checkWindow(options.window ?? this.settings.window);
    return () => {
      const { gapMs, scheduler } = this.settings;
      const line = this.lineFor(streamId);
      const { connection } = line;
      const reader: Reader = new Reader(
        {
          received: (next, chunks, bytes) => reading.received(next, chunks, bytes),
          request: (ranges) => connection.nack(reading, ranges),
        },
        { gapMs, onGap: options.onGap ?? 'error', scheduler, probe: this.options.probe },
      );
      const reading = new Reading(streamId, from, window, reader);
      return {
        chunks: reader.chunks,
        consumed: (chunk: Chunk) => connection.consumed(reading, 1, chunk.size),
        begin: () => connection.read(reading, scheduler.now()),
        end: () => {
          reader.stop();
          connection.unread(reading, scheduler.now());
          this.release(line);
        },
      };
    };
  }

  private lineFor(streamId: string): Line {
    const free = this.lines.find((line) => !line.connection.reads(streamId));
    if (free !== undefined) return free;
    const line = this.line(() => {});
    this.lines.push(line);
    return line;
  }

  private release(line: Line): void {
    if (line === this.lines[0] || !line.connection.unused) return;
    this.lines.splice(this.lines.indexOf(line), 1);
    line.connection.close();
  }

  publish(
    streamId: string,
    chunks: readonly ChunkBody[],
    options: AppendOptions = {},
  ): Promise<{ readonly next: number }> {
    checkName(streamId);
    checkAppend(options);
    return this.writer.publish(streamId, chunks.map(encodeChunk), options);
  }

  cancel(streamId: string, reason = ''): void {
    checkLength('reason', reason, 0, maxReason);
    this.lines[0]!.connection.cancel(checkName(streamId), reason || undefined, this.settings.scheduler.now());
  }

  close(): void {
    for (const line of this.lines) line.connection.close();
    this.states.complete();
    this.pushes.complete();
  }
}

/** One connection with what it needs around it: links, timers and turns. */
class Line {
  readonly connection: Connection;
  private link: Link | undefined;
  private timer: Subscription | undefined;

  constructor(transport: ClientTransport, settings: Settings, hears: Pick<ConnectionActions, 'state' | 'pushed'>) {
    const { scheduler, defer, limits } = settings;
    const now = (): number => scheduler.now();
    const connection: Connection = new Connection(limits, {
      connect: () => {
        const link: Link = transport.connect({
          opened: () => {},
          frames: (frames) => this.link === link && connection.received(frames, now()),
          drained: () => this.link === link && connection.drained(now()),
          closed: (code, reason) => {
            if (this.link !== link) return;
            this.link = undefined;
            connection.ended(code, reason, now());
          },
        });
        this.link = link;
      },
      send: (frames) => {
        const link = this.link!;
        link.send(frames);
        return link.writable;
      },
      disconnect: (code, reason) => {
        const { link } = this;
        this.link = undefined;
        link?.close(code, reason);
      },
      dirty: () => defer(() => connection.flush(now())),
      wakeAt: (time) => {
        this.timer?.unsubscribe();
        this.timer = undefined;
        if (time !== undefined)
          this.timer = scheduler.schedule(() => connection.tick(now()), Math.max(0, time - now()));
      },
      ...hears,
    });
    this.connection = connection;
  }
}

function defaultDefer(): (work: () => void) => void {
  const { setImmediate } = globalThis as { setImmediate?: (work: () => void) => unknown };
  return setImmediate === undefined ? queueMicrotask : (work) => void setImmediate(work);
}
