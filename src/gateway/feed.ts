import { type Range, StreamError, toStreamError } from '../chunk/index.js';
import { attempt, type Close, type Log, type LogSlice, type ReadLimit, whenReady } from '../log/log.js';
import { packParcel, SharedParcels } from './parcel.js';
import type { Session } from './session.js';
import type { Subscription } from './subscription.js';

/** Bounds of one `data` frame, so that it stays below the default `maxFrame`. */
const batchLimit: ReadLimit = { chunks: 512, bytes: 56 * 1024 };

/**
 * One stream's readers at this gateway. Readers at the same place share one read of the log and one frame, and so one
 * encoding; a reader without credit, or behind a slow link, is not read for.
 */
export class Feed {
  private readonly readers = new Map<Subscription, Session>();
  private readonly ready = new Set<Subscription>();
  /** How often the log changed, and at which version everybody was looked after. */
  private version = 0;
  private looked = -1;
  /** What the latest answer showed: the number the next chunk gets, and the end. True for version `known` only. */
  private tail = 0;
  private end: Close | undefined;
  private known = -1;
  private readonly unwatch: () => void;

  constructor(
    readonly streamId: string,
    readonly ch: number,
    private readonly log: Log,
    /** Asks for a call of {@link Feed.pump} at the end of the turn. */
    private readonly wake: (feed: Feed) => void,
  ) {
    this.unwatch = log.watch(streamId, () => {
      this.version++;
      wake(this);
    });
  }

  /** Whether nobody reads. */
  get idle(): boolean {
    return this.readers.size === 0;
  }

  add(subscription: Subscription, session: Session): void {
    this.readers.set(subscription, session);
    this.offer(subscription);
  }

  remove(subscription: Subscription): void {
    this.readers.delete(subscription);
    this.ready.delete(subscription);
  }

  /** A reader can be sent more than before. */
  offer(subscription: Subscription): void {
    this.ready.add(subscription);
    this.wake(this);
  }

  /** No more calls. */
  dispose(): void {
    this.unwatch();
  }

  /** Sends every reader that can take it one frame more. */
  pump(): void {
    const takers = this.takers();
    const [first] = takers;
    if (first === undefined) return;
    if (takers.every(({ next }) => next === first.next)) this.serve(first.next, takers);
    else for (const [from, readers] of byPlace(takers)) this.serve(from, readers);
  }

  /** Readers that can take something now. */
  private takers(): Subscription[] {
    const candidates = this.version === this.looked ? this.ready : this.readers.keys();
    const takers: Subscription[] = [];
    const later: Subscription[] = [];
    for (const subscription of candidates) {
      const session = this.readers.get(subscription)!;
      // A link that takes no more says so when it does; then its readers are offered again.
      if (session.writable && this.wants(subscription)) (session.full ? later : takers).push(subscription);
    }
    this.looked = this.version;
    // Emptying an empty set is not free.
    if (this.ready.size > 0) this.ready.clear();
    for (const subscription of later) this.offer(subscription);
    return takers;
  }

  /** Whether a read of the log may bring a reader something. */
  private wants(subscription: Subscription): boolean {
    if (subscription.reading || subscription.ended !== undefined) return false;
    if (subscription.next < this.tail) return subscription.chunkCredit > 0;
    // At the tail there may be an end, and that takes no credit.
    return this.stale || this.end !== undefined;
  }

  /** Whether the log has changed since what is known of its tail was read. */
  private get stale(): boolean {
    return this.known !== this.version;
  }

  private serve(from: number, readers: readonly Subscription[]): void {
    for (const subscription of readers) subscription.reading = true;
    const { version } = this;
    attempt(
      () => whenReady(this.log.read(this.streamId, from, batchLimit), (slice) => this.spread(slice, version, readers)),
      (error) => this.fail(readers, error),
    );
  }

  private spread(slice: LogSlice, version: number, readers: readonly Subscription[]): void {
    // Reads may be answered out of order. After an older one the feed knows less than it could, and looks again.
    this.known = version;
    this.tail = slice.next;
    this.end = slice.end;
    const parcels = new SharedParcels(this.ch, slice);
    for (const subscription of readers) {
      subscription.reading = false;
      const session = this.readers.get(subscription);
      if (session !== undefined) this.give(subscription, session, slice, parcels);
    }
  }

  private give(subscription: Subscription, session: Session, slice: LogSlice, parcels: SharedParcels): void {
    // The link, or the turn, may have got full while the log was read.
    if (!session.writable) return;
    if (session.full) return this.offer(subscription);
    if (slice.next < subscription.next && subscription.next > subscription.start) {
      return session.drop(subscription, anotherStream(this.streamId));
    }
    if (slice.from > subscription.next) session.gap(subscription, subscription.next, slice.from);
    const count = subscription.affordable(slice.chunks);
    if (count > 0) session.deliver(subscription, parcels.take(count));
    if (subscription.next < slice.next) {
      if (subscription.chunkCredit > 0) this.offer(subscription);
    } else if (slice.end !== undefined) {
      session.ended(subscription, slice.end);
    } else if (this.stale) {
      this.offer(subscription);
    }
  }

  /**
   * Sends chunks again, as far as one frame's bytes go, and for one request at a time; the reader asks again for the rest.
   */
  repair(subscription: Subscription, session: Session, ranges: readonly Range[]): void {
    if (subscription.repairing) return;
    subscription.repairing = true;
    this.repairFrom(0, batchLimit.bytes, subscription, session, ranges);
  }

  private repairFrom(
    index: number,
    bytes: number,
    subscription: Subscription,
    session: Session,
    ranges: readonly Range[],
  ): void {
    const range = ranges[index];
    if (range === undefined || bytes <= 0) {
      subscription.repairing = false;
      return;
    }
    const limit = { chunks: Math.min(range.to - range.from, batchLimit.chunks), bytes };
    attempt(
      () =>
        whenReady(this.log.read(this.streamId, range.from, limit), (slice) => {
          if (!this.readers.has(subscription)) return;
          const sent = this.resend(subscription, session, range, slice);
          this.repairFrom(index + 1, bytes - sent, subscription, session, ranges);
        }),
      (error) => this.fail([subscription], error),
    );
  }

  /** Answers one range; returns the bytes it took. */
  private resend(subscription: Subscription, session: Session, { from, to }: Range, slice: LogSlice): number {
    if (slice.from > from) session.gap(subscription, from, Math.min(slice.from, to));
    const chunks = slice.from < to ? slice.chunks.slice(0, to - slice.from) : [];
    if (chunks.length === 0) return 0;
    const parcel = packParcel(this.ch, slice.from, chunks);
    session.resend(parcel);
    return parcel.length;
  }

  /** The log cannot be read: the readers are told, and read no more. */
  private fail(readers: readonly Subscription[], thrown: unknown): void {
    const error = toStreamError(thrown, 'internal', { streamId: this.streamId });
    for (const subscription of readers) this.readers.get(subscription)?.drop(subscription, error);
  }
}

function byPlace(subscriptions: readonly Subscription[]): Map<number, Subscription[]> {
  const places = new Map<number, Subscription[]>();
  for (const subscription of subscriptions) {
    const there = places.get(subscription.next);
    if (there === undefined) places.set(subscription.next, [subscription]);
    else there.push(subscription);
  }
  return places;
}

/** Fewer chunks than a reader was sent: the stream was removed, and another has its name now. */
function anotherStream(streamId: string): StreamError {
  return new StreamError('stream-not-found', `the stream "${streamId}" was removed`, { streamId });
}
