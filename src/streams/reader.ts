import { asapScheduler, Observable, type SchedulerLike, type Subscriber, Subscription } from 'rxjs';
import {
  checkBound,
  checkJoinPosition,
  type Chunk,
  decodeChunk,
  endError,
  type JoinPosition,
  type Position,
  StreamError,
  toStreamError,
} from '../chunk/index.js';
import { attempt, type Log, type LogSlice, type MaybePromise, whenReady } from '../log/log.js';
import type { Flow } from '../flow/index.js';
import type { StreamEvent } from './events.js';
import type { Readers } from './readers.js';
import type { Rollup, Snapshot } from './rollup.js';

/** How a reader in the same process reads. */
export interface ReaderOptions {
  /**
   * Where to begin. From `snapshot` the first chunk is what those before come to, as the streams' `rollup` makes it; one
   * that stands for others is told by `snapshotOf`. Default `beginning`.
   */
  readonly from?: JoinPosition;
  /** Chunks taken from the log at a time, and so held at most. Default 256. */
  readonly batch?: number;
  /** What to do about chunks that are no longer kept: fail with `gap`, or go on behind them. Default `error`. */
  readonly onGap?: 'error' | 'skip';
  /** The flow of the pipeline behind it: the log is not read while it is shut. For `receive` only. */
  readonly flow?: Flow;
  /** Only the stream of this life, see {@link StreamInfo.life}: `stream-not-found` for another of its name. Default: any. */
  readonly life?: string;
}

/** Where a reader reads, and is known to read. */
interface Source {
  readonly log: Log;
  readonly readers: Readers;
  readonly rollup: Rollup;
  /** Milliseconds since the epoch, for the age of chunks; without it that is not told. */
  readonly now?: (() => number) | undefined;
}

/** Told what a reader meets. */
export type Report = (event: StreamEvent) => void;

const defaultBatch = 256;
/** Encoded bytes taken from the log at a time. */
const batchBytes = 1 << 20;

/** Checks a reader's options at call time. */
export function checkReader(options: ReaderOptions): void {
  if (options.from !== undefined) checkJoinPosition(options.from);
  if (options.batch !== undefined) checkBound('batch', options.batch);
}

/** The error of a stream that is not there. */
export function notFound(streamId: string): StreamError {
  return new StreamError('stream-not-found', `there is no stream "${streamId}"`, { streamId });
}

/** The error when another stream has the name now, or the same has fewer chunks than were read. */
export function streamRemoved(streamId: string): StreamError {
  return new StreamError('stream-not-found', `the stream "${streamId}" was removed`, { streamId });
}

/** Whether a slice is of what was read before. A log that lost chunks has fewer. */
function isSame(slice: LogSlice, life: string, next: number, first: number): boolean {
  return slice.life === life && (slice.next >= next || next <= first);
}

/** Where a reader joins a stream: the number of the first chunk that comes from the log, and what those before come to. */
export interface Joint {
  /** Of all that ever had the name, the stream that is joined: what is read behind this is of the same, or of none. */
  readonly life: string;
  readonly seq: number;
  /** Number of the first chunk that comes after the reader. */
  readonly live: number;
  readonly snapshot?: Snapshot;
}

/** Finds where a reader joins. */
export function joinStream(
  { log, rollup }: Pick<Source, 'log' | 'rollup'>,
  streamId: string,
  { from = 'beginning', life }: Pick<ReaderOptions, 'from' | 'life'>,
): MaybePromise<Joint> {
  const joint = from === 'snapshot' ? joinBehind(log, rollup, streamId) : joinAt(log, streamId, from);
  return whenReady(joint, (found) => {
    if ((life ?? found.life) === found.life) return found;
    throw streamRemoved(streamId);
  });
}

/** Behind what there is, where that comes to something. */
async function joinBehind(log: Log, rollup: Rollup, streamId: string): Promise<Joint> {
  const snapshot = await rollup.snapshot(streamId);
  if (snapshot === undefined) return joinAt(log, streamId, 'beginning');
  const { life, seq } = snapshot;
  return { life, seq, live: seq, snapshot };
}

function joinAt(log: Log, streamId: string, from: Position): MaybePromise<Joint> {
  return whenReady(log.info(streamId), (info) => {
    if (info === undefined) throw notFound(streamId);
    const { first, next, life } = info;
    return { life, seq: from === 'beginning' ? first : from === 'now' ? next : from, live: next };
  });
}

function decodeSnapshot(streamId: string, { seq, chunk }: Snapshot): Chunk {
  return decodeChunk(streamId, seq - 1, chunk);
}

/** Follows a stream in the same process: what is kept, then what comes, until it ends. Pushes as fast as the log reads. */
export function followLog(
  source: Source,
  streamId: string,
  options: ReaderOptions,
  report: Report,
  scheduler: SchedulerLike = asapScheduler,
): Observable<Chunk> {
  return new Observable((destination) => {
    const follower = new Follower(source, streamId, options, report, scheduler, destination);
    destination.add(follower.subscription);
    follower.start();
  });
}

class Follower {
  readonly subscription = new Subscription();
  private life = '';
  private first = 0;
  private next = 0;
  private live = 0;
  /** A read is scheduled or under way. */
  private busy = true;
  /** The log changed since the read began. */
  private changed = false;
  private turn: Subscription | undefined;

  constructor(
    private readonly source: Source,
    private readonly streamId: string,
    private readonly options: ReaderOptions,
    private readonly report: Report,
    private readonly scheduler: SchedulerLike,
    private readonly destination: Subscriber<Chunk>,
  ) {}

  start(): void {
    const { log, readers } = this.source;
    this.subscription.add(log.watch(this.streamId, () => this.wake()));
    this.subscription.add(() => this.turn?.unsubscribe());
    attempt(
      () =>
        whenReady(joinStream(this.source, this.streamId, this.options), ({ life, seq, live, snapshot }) => {
          this.life = life;
          this.next = seq;
          this.live = live;
          // Who has a snapshot has read what is in it.
          this.first = snapshot === undefined ? seq : seq - 1;
          this.subscription.add(readers.add(this.streamId, { next: () => this.next }));
          if (snapshot !== undefined) this.push(decodeSnapshot(this.streamId, snapshot));
          this.busy = false;
          this.wake();
        }),
      this.fail,
    );
  }

  private push(chunk: Chunk): void {
    const { flow } = this.options;
    if (flow === undefined) this.destination.next(chunk);
    else flow.emit(this.destination, chunk);
  }

  private wake(): void {
    this.changed = true;
    if (this.busy || this.destination.closed) return;
    this.busy = true;
    this.turn = this.scheduler.schedule(() => this.pump());
  }

  private pump(): void {
    const { flow } = this.options;
    if (flow !== undefined && !flow.open) return this.wait(flow);
    this.changed = false;
    const limit = { chunks: this.options.batch ?? defaultBatch, bytes: batchBytes };
    attempt(
      () =>
        whenReady(this.source.log.read(this.streamId, this.next, limit), (slice) => {
          this.emit(slice);
          this.source.readers.moved(this.streamId);
          this.busy = false;
          if (this.changed || this.next < slice.next) this.wake();
        }),
      this.fail,
    );
  }

  private emit(slice: LogSlice): void {
    const { streamId, destination } = this;
    if (destination.closed) return;
    if (!isSame(slice, this.life, this.next, this.first)) throw streamRemoved(streamId);
    if (slice.from > this.next) reportGap(streamId, this.next, slice.from, this.options, this.report);
    this.next = slice.from;
    const { flow } = this.options;
    for (const encoded of slice.chunks) {
      if (destination.closed || (flow !== undefined && !flow.open)) return;
      const chunk = decodeChunk(streamId, this.next++, encoded);
      this.report(gotten(chunk, this.live, this.source));
      this.push(chunk);
    }
    if (slice.end === undefined || this.next < slice.next) return;
    const error = endError(streamId, slice.end.status, slice.end.reason);
    if (error === undefined) destination.complete();
    else destination.error(error);
  }

  /** Goes on when the flow opens. */
  private wait(flow: Flow): void {
    this.turn = new Subscription(
      flow.whenOpen(() => {
        this.turn = this.scheduler.schedule(() => this.pump());
      }),
    );
  }

  private readonly fail = (error: unknown): void => {
    this.destination.error(toStreamError(error, 'internal', { streamId: this.streamId }));
  };
}

/** Follows a stream in the same process at the consumer's own pace: the log is read only when the consumer asks. */
export function pullLog(
  source: Source,
  streamId: string,
  options: ReaderOptions,
  report: Report,
): AsyncIterableIterator<Chunk> & AsyncDisposable {
  const bell = new Bell();
  const chunks = pull(source, streamId, options, report, bell);
  const leave = (): Promise<IteratorResult<Chunk, void>> => {
    // A generator hears of it only when what it waits for has come.
    bell.close();
    return chunks.return();
  };
  return {
    next: () => chunks.next(),
    return: leave,
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: async () => void (await leave()),
  };
}

async function* pull(
  source: Source,
  streamId: string,
  options: ReaderOptions,
  report: Report,
  bell: Bell,
): AsyncGenerator<Chunk, void> {
  const limit = { chunks: options.batch ?? defaultBatch, bytes: batchBytes };
  const { log, readers } = source;
  const { life, seq, live, snapshot } = await joinStream(source, streamId, options);
  // Who has a snapshot has read what is in it.
  const start = snapshot === undefined ? seq : seq - 1;
  let next = seq;
  const stop = log.watch(streamId, () => bell.ring());
  const leave = readers.add(streamId, { next: () => next });
  try {
    if (snapshot !== undefined && !bell.closed) yield decodeSnapshot(streamId, snapshot);
    while (!bell.closed) {
      const changed = bell.next();
      const slice = await log.read(streamId, next, limit);
      if (!isSame(slice, life, next, start)) throw streamRemoved(streamId);
      if (slice.from > next) reportGap(streamId, next, slice.from, options, report);
      next = slice.from;
      for (const encoded of slice.chunks) {
        const chunk = decodeChunk(streamId, next++, encoded);
        report(gotten(chunk, live, source));
        readers.moved(streamId);
        yield chunk;
      }
      if (next < slice.next) continue;
      if (slice.end !== undefined) {
        const error = endError(streamId, slice.end.status, slice.end.reason);
        if (error !== undefined) throw error;
        return;
      }
      await changed;
    }
  } finally {
    stop();
    leave();
  }
}

/** What is told of a chunk that a reader got. */
function gotten({ streamId, seq, timestamp }: Chunk, live: number, { now }: Pick<Source, 'now'>): StreamEvent {
  if (now === undefined || seq < live) return { type: 'stream.chunk', streamId, seq };
  return { type: 'stream.chunk', streamId, seq, ageMs: Math.max(0, now() - timestamp) };
}

function reportGap(streamId: string, from: number, to: number, options: ReaderOptions, report: Report): void {
  report({ type: 'stream.chunk_missing', streamId, from, to });
  if (options.onGap === 'skip') return;
  throw new StreamError('gap', `stream "${streamId}": chunks ${from} to ${to - 1} are no longer kept`, {
    streamId,
    seq: from,
  });
}

/** A bell whose ring is not missed between looking and waiting. */
class Bell {
  closed = false;
  private wake = (): void => {};

  ring(): void {
    this.wake();
  }

  /** The next ring from now on. */
  next(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }

  /** Rings, and for good. */
  close(): void {
    this.closed = true;
    this.wake();
  }
}
