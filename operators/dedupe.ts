import { asyncScheduler, type MonoTypeOperatorFunction, type SchedulerLike, type Subscriber } from 'rxjs';
import { checkBound, type Chunk, isNotice, isSeq, type Notice } from '../src/chunk/index.js';
import type { Probe } from '../src/probe/index.js';
import { type MaybeNotice, NumberedStage } from './numbered.js';
import { callbackError, operate, Stage, tell } from './operate.js';
import { SeenKeys } from './seen-keys.js';
import { SeenNumbers } from './seen-numbers.js';

/** Options of {@link dedupe} by number. */
export interface DedupeBySeqOptions<T> {
  readonly by?: 'seq';
  /** How far below the highest number numbers are told apart; lower ones count as duplicates. Default 1024. */
  readonly window?: number;
  /** The number of an item. Default: `item.seq`. */
  readonly seq?: (item: Exclude<T, Notice>) => number;
  /** Hears `duplicate`. */
  readonly probe?: Probe;
}

/** Options of {@link dedupe} by key. */
export interface DedupeByKeyOptions<T> {
  readonly by: 'key';
  /** What makes an item the same as another; compared as by a `Set`. */
  readonly key: (item: Exclude<T, Notice>) => unknown;
  /** How many keys are remembered; items with older keys count as new. Default 1024. */
  readonly window?: number;
  /** For how long keys are remembered, in milliseconds. Default `Infinity`. */
  readonly ttlMs?: number;
  /** Hears `duplicate`. */
  readonly probe?: Probe;
  /** Tells the time, where `ttlMs` needs it. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** Options of {@link dedupe}. */
export type DedupeOptions<T> = DedupeBySeqOptions<T> | DedupeByKeyOptions<T>;

/**
 * Drops what came before. By number, the default, it keeps one bit per number of the window and costs next to nothing; by key
 * it keeps the newest keys, first in, first out, and a duplicate does not make its key younger. Notices pass.
 *
 * - **Emits** each item the first time, at once.
 * - **Errors** with `callback-failed` when `seq` or `key` throws; with `chunk-invalid` when `seq` gives no chunk number;
 *   with the source.
 * - **Completes** with the source.
 * - **Holds** no item; `window` bits, or `window` keys.
 *
 * @example
 * // source   -a-a-b-a|
 * // dedupe() -a---b--|
 * events$.pipe(dedupe({ by: 'key', key: (event) => event.id, ttlMs: 60_000 }));
 */
export function dedupe<T>(
  options: DedupeByKeyOptions<T> | (DedupeBySeqOptions<T> & Required<Pick<DedupeBySeqOptions<T>, 'seq'>>),
): MonoTypeOperatorFunction<T>;
export function dedupe<T extends Pick<Chunk, 'seq'> | Notice>(
  options?: DedupeBySeqOptions<T>,
): MonoTypeOperatorFunction<T>;
export function dedupe<T>(options: DedupeOptions<T> = {}): MonoTypeOperatorFunction<T> {
  const window = checkBound('window', options.window ?? 1024, { max: 2 ** 26 });
  if (options.by !== 'key') {
    if (options.by !== undefined && options.by !== 'seq') throw new TypeError('by must be "seq" or "key"');
    return operate((destination) => new DedupeBySeq<T>(destination, window, options));
  }
  if (typeof options.key !== 'function') throw new TypeError('key must be a function when by is "key"');
  const ttlMs = checkBound('ttlMs', options.ttlMs ?? Infinity, { infinite: true });
  return operate((destination) => new DedupeByKey<T>(destination, window, ttlMs, options));
}

class DedupeBySeq<T> extends NumberedStage<T> {
  private readonly seen: SeenNumbers;
  private readonly probe: Probe | undefined;

  constructor(destination: Subscriber<T>, window: number, { seq, probe }: DedupeBySeqOptions<T>) {
    super(destination, 'dedupe', seq);
    this.seen = new SeenNumbers(window);
    this.probe = probe;
  }

  protected override _next(item: T): void {
    if ((item as MaybeNotice).kind !== undefined && isNotice(item)) return this.destination.next(item);
    const seq = this.seqOf(item);
    if (!this.accepts(seq)) return;
    if (this.seen.add(seq)) return this.destination.next(item);
    tell(this.probe, { type: 'duplicate', seq, operator: 'dedupe' });
  }
}

class DedupeByKey<T> extends Stage<T> {
  private readonly seen: SeenKeys;

  constructor(
    destination: Subscriber<T>,
    window: number,
    ttlMs: number,
    private readonly options: DedupeByKeyOptions<T>,
  ) {
    super(destination);
    const { scheduler = asyncScheduler } = options;
    this.seen = new SeenKeys(window, ttlMs, () => scheduler.now());
  }

  protected override _next(item: T): void {
    if ((item as MaybeNotice).kind !== undefined && isNotice(item)) return this.destination.next(item);
    let isNew: boolean;
    try {
      isNew = this.seen.add(this.options.key(item as Exclude<T, Notice>));
    } catch (error) {
      return this.fail(callbackError('dedupe', error));
    }
    if (isNew) return this.destination.next(item);
    const { seq } = item as { seq?: unknown };
    tell(this.options.probe, { type: 'duplicate', seq: isSeq(seq) ? seq : undefined, operator: 'dedupe' });
  }

  protected override release(): void {
    this.seen.clear();
  }
}
