import { firstValueFrom, lastValueFrom, map, type SchedulerLike, Subject, tap } from 'rxjs';
import { type ChunkData, createChunk } from '../chunk/index.js';
import { publishTo, type Streams } from '../streams/index.js';
import { stepStreamOf } from './names.js';
import { assembled, type Paced, paced } from './streamed.js';

/** What a text begins with that stands for what is in a stream. */
const referencePrefix = 'stream:';

/** Most pieces on their way before whoever makes them should wait. */
const maxBehind = 1024;

/** @internal What {@link References} needs. */
export interface ReferencesOptions {
  readonly streams: Streams;
  readonly executionId: string;
  /** Which streams a text may stand for. */
  readonly mayRead: (streamId: string) => boolean;
  readonly leaseMs: number;
  readonly ttlMs: number;
  readonly scheduler: SchedulerLike;
}

/**
 * Streams that stand for values: `stream:NAME` is all that the stream of that name comes to, and a step may put what it puts out
 * into a stream of its own, of which it hands on the name.
 *
 * @internal
 */
export class References {
  constructor(private readonly options: ReferencesOptions) {}

  /** What a value stands for, bit by bit; `undefined` when it stands for itself. */
  stream(value: unknown): Paced | undefined {
    const streamId = this.named(value);
    return streamId === undefined ? undefined : paced(piecesOf(this.options.streams, streamId));
  }

  /** What a value stands for, as a whole: it waits for the end of the stream. */
  async resolved(value: unknown): Promise<unknown> {
    const streamId = this.named(value);
    if (streamId === undefined) return value;
    const pieces: unknown[] = [];
    for await (const piece of piecesOf(this.options.streams, streamId)) pieces.push(piece);
    return assembled(pieces);
  }

  private named(value: unknown): string | undefined {
    if (typeof value !== 'string' || !value.startsWith(referencePrefix)) return undefined;
    const streamId = value.slice(referencePrefix.length);
    // Whoever says what a run is asked does not say what it may read.
    return this.options.mayRead(streamId) ? streamId : undefined;
  }

  /** A stream for what one attempt of a step puts out. */
  publish(stepId: string, attempt: number): Publication {
    return new Publication(this.options, stepStreamOf(this.options.executionId, stepId, attempt));
  }
}

async function* piecesOf(streams: Streams, streamId: string): AsyncGenerator<ChunkData> {
  for await (const { data } of streams.read(streamId)) yield data;
}

/** @internal The stream that one attempt of a step puts its pieces into. */
export class Publication {
  private readonly pieces = new Subject<unknown>();
  private readonly kept = new Subject<void>();
  private readonly done: Promise<unknown>;
  private sent = 0;
  private waiting = 0;

  constructor(
    { streams, leaseMs, ttlMs, scheduler }: ReferencesOptions,
    private readonly streamId: string,
  ) {
    const created = (async () => await streams.create(streamId, { ttlMs }))();
    const target = {
      publish: async (...appended: Parameters<Streams['publish']>) => {
        await created;
        return await streams.publish(...appended);
      },
      info: (id: string) => streams.info(id),
    };
    const chunks = this.pieces.pipe(
      map((data) => createChunk({ streamId, seq: 0, data: data as ChunkData, timestamp: scheduler.now() })),
      publishTo(target, streamId, {
        producer: { id: 'step', epoch: 0, seq: 0 },
        ...(leaseMs === Infinity ? {} : { leaseMs }),
      }),
      tap(({ next }) => {
        this.waiting = this.sent - next;
        this.kept.next();
      }),
    );
    this.done = lastValueFrom(chunks, { defaultValue: undefined });
    // Heard of at the end of the attempt, if it gets there. Whoever waits for fewer waits no more.
    this.done.catch(() => this.kept.next());
  }

  next(piece: unknown): void {
    this.sent++;
    this.waiting++;
    this.pieces.next(piece);
  }

  /** Resolves when fewer wait to be kept, if too many do. */
  behind(): Promise<void> | undefined {
    if (this.waiting < maxBehind) return undefined;
    return firstValueFrom(this.kept);
  }

  /** Ends the stream and answers what stands for it, once all is kept. */
  async complete(): Promise<string> {
    this.pieces.complete();
    await this.done;
    return referencePrefix + this.streamId;
  }

  /** Ends the stream: what is in it does not count. */
  fail(reason: string): void {
    this.pieces.error(new Error(reason));
  }
}
