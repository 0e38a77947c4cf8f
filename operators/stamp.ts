import { asyncScheduler, type OperatorFunction, type SchedulerLike, type Subscriber } from 'rxjs';
import {
  checkBound,
  type ChecksumAlgorithm,
  checkName,
  type Chunk,
  type ChunkData,
  type ChunkType,
  createChunk,
  type JsonObject,
} from '../src/chunk/index.js';
import { callbackError, operate, Stage } from './operate.js';

/** Options of {@link stamp}. */
export interface StampOptions {
  /** Name of the stream the chunks are of. */
  readonly streamId: string;
  /** Number of the first chunk. Default 0. */
  readonly start?: number;
  /** Type of every chunk. Default: by the data, strings as `text`, bytes as `binary`, all else as `json`. */
  readonly type?: ChunkType;
  /** `true` for CRC-32C, or an algorithm. Default: none. */
  readonly checksum?: boolean | ChecksumAlgorithm;
  /** Metadata of every chunk. Default `{}`. */
  readonly metadata?: JsonObject;
  /** Whether to mark the last chunk as final, at the price of holding each back until the next comes. Default `false`. */
  readonly final?: boolean;
  /** Tells the time of the timestamps. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Makes chunks of data: gives each its stream, number, size and timestamp.
 *
 * - **Emits** one chunk per item: at once, or with `final: true` when the next item, the completion or an error comes.
 * - **Errors** with `chunk-invalid` on data that the type or JSON cannot hold; with `callback-failed` when the checksum
 *   throws; with the source.
 * - **Completes** with the source.
 * - **Holds** nothing; with `final: true` one chunk.
 *
 * @example
 * // source                                 -x-y-|
 * // stamp({ streamId: 's' })               -a-b-|    a: { seq: 0, data: 'x', … }  b: { seq: 1, data: 'y', … }
 * // stamp({ streamId: 's', final: true })  ---a-(B|) B: { seq: 1, data: 'y', final: true, … }
 * words$.pipe(stamp({ streamId: 'books/moby-dick', checksum: true }));
 *
 * @throws StreamError `name-invalid` for a `streamId` that is no stream name
 */
export function stamp(options: StampOptions): OperatorFunction<ChunkData, Chunk> {
  checkName(options.streamId);
  checkBound('start', options.start ?? 0, { min: 0 });
  const { final = false } = options;
  return operate((destination) => (final ? new StampFinal(destination, options) : new Stamp(destination, options)));
}

class Stamp extends Stage<ChunkData, Chunk> {
  private seq: number;
  private readonly scheduler: SchedulerLike;

  constructor(
    destination: Subscriber<Chunk>,
    private readonly options: StampOptions,
  ) {
    super(destination);
    this.seq = options.start ?? 0;
    this.scheduler = options.scheduler ?? asyncScheduler;
  }

  protected override _next(data: ChunkData): void {
    const chunk = this.make(data);
    if (chunk !== undefined) this.destination.next(chunk);
  }

  /** The next chunk; `undefined` when the data is none and the stage has failed. */
  protected make(data: ChunkData): Chunk | undefined {
    const { streamId, type, checksum, metadata } = this.options;
    const { seq } = this;
    try {
      const chunk = createChunk({
        streamId,
        seq,
        data,
        type,
        checksum,
        metadata,
        timestamp: this.scheduler.now(),
      });
      this.seq++;
      return chunk;
    } catch (error) {
      this.fail(callbackError('stamp', error, { streamId, seq }));
      return undefined;
    }
  }
}

class StampFinal extends Stamp {
  private held: Chunk | undefined;

  protected override _next(data: ChunkData): void {
    const chunk = this.make(data);
    if (chunk === undefined) return;
    const { held } = this;
    this.held = chunk;
    if (held !== undefined) this.destination.next(held);
  }

  protected override _error(error: unknown): void {
    // It came before the error, and is not to be lost by our holding it. Nobody knows whether it is the last.
    this.flush(false);
    if (!this.closed) super._error(error);
  }

  protected override _complete(): void {
    this.flush(true);
    if (!this.closed) super._complete();
  }

  protected override release(): void {
    this.held = undefined;
  }

  private flush(final: boolean): void {
    const { held } = this;
    this.held = undefined;
    if (held !== undefined) this.destination.next(final ? Object.freeze({ ...held, final }) : held);
  }
}
