import { type Range, toStreamError } from '../chunk/index.js';
import { attempt, type Close, type LogSlice, type ReadLimit, whenReady } from '../log/log.js';
import { packParcel, type Parcel, SharedParcels } from './parcel.js';
import { type Read, Reads } from './reads.js';
import type { Report } from './report.js';
import type { Streams } from '../streams/index.js';
import { streamRemoved } from '../streams/reader.js';
import type { Session } from './session.js';
import type { Subscription } from './subscription.js';

/** Bounds of one `data` frame, so that it stays below the default `maxFrame`. */
const batchLimit: ReadLimit = { chunks: 512, bytes: 56 * 1024 };

/** What a feed asks of the turn it works in. */
export interface FeedTurn {
  /** Asks for a call of {@link Feed.pump}. */
  feed(feed: Feed): void;
  /** Whether no other feed is due in this turn. */
  readonly alone: boolean;
}

/**
 * One stream's readers at this gateway. Readers at the same place share one read of the log and one frame, and so one
 * encoding; a reader without credit, or behind a slow link, is not read for.
 */
export class Feed {
  /** A call of {@link Feed.pump} was asked for. The turn's own note. */
  due = false;

  private readonly readers = new Map<Subscription, Session>();
  private ready = new Set<Subscription>();
  /** How often the log changed, and at which version everybody was looked after. */
  private version = 0;
  private looked = -1;
  /** What the latest answer showed: the number the next chunk gets, and the end. True for version `known` only. */
  private tail = 0;
  private end: Close | undefined;
  private known = -1;
  private readonly unwatch: () => void;
  private readonly leave: () => void;

  constructor(
    readonly streamId: string,
    readonly ch: number,
    private readonly streams: Pick<Streams, 'log' | 'readers'>,
    private readonly turn: FeedTurn,
    private readonly report: Report,
  ) {
    this.unwatch = streams.log.watch(streamId, () => {
      this.version++;
      turn.feed(this);
    });
    this.leave = streams.readers.add(streamId, { next: () => this.slowest() });
  }

  /** Number of the next chunk for the slowest reader. */
  private slowest(): number | undefined {
    let slowest: number | undefined;
    for (const { next, ended } of this.readers.keys()) {
      if (ended === undefined && (slowest === undefined || next < slowest)) slowest = next;
    }
    return slowest;
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
    this.streams.readers.moved(this.streamId);
  }

  /** A reader can be sent more than before. */
  offer(subscription: Subscription): void {
    this.ready.add(subscription);
    this.turn.feed(this);
  }

  /** No more calls. */
  dispose(): void {
    this.unwatch();
    this.leave();
  }

  /** Sends every reader that can take it one frame more. */
  pump(): void {
    const candidates = this.version === this.looked ? this.ready : this.readers.keys();
    this.looked = this.version;
    if (this.ready.size > 0) this.ready = new Set();
    const reads = new Reads();
    for (const subscription of candidates) {
      const session = this.readers.get(subscription);
      // A link that takes no more says so when it does; then its readers are offered again.
      if (session === undefined || !session.writable || !this.wants(subscription)) continue;
      if (session.full) this.offer(subscription);
      else this.serve(subscription, session, reads);
    }
    this.streams.readers.moved(this.streamId);
  }

  /** Whether a read of the log may bring a reader something. */
  private wants(subscription: Subscription): boolean {
    const { next } = subscription;
    if (subscription.reading || subscription.ended !== undefined) return false;
    if (next < this.tail) return subscription.chunkCredit > 0;
    // At the tail there may be an end, and that takes no credit. Nobody gets beyond it but on a stream of before.
    return this.stale || this.end !== undefined || next > this.tail;
  }

  /** Whether the log has changed since what is known of its tail was read. */
  private get stale(): boolean {
    return this.known !== this.version;
  }

  /** Reads for a reader, unless another one at its place had that done. */
  private serve(subscription: Subscription, session: Session, reads: Reads): void {
    const from = subscription.next;
    const shared = reads.get(from);
    if (shared?.parcels !== undefined) return this.give(subscription, session, shared.parcels);
    subscription.reading = true;
    if (shared !== undefined) return void shared.waiting.push(subscription);
    const read = reads.add(from, subscription);
    const { version } = this;
    attempt(
      () =>
        whenReady(this.streams.log.read(this.streamId, from, batchLimit), (slice) => this.spread(slice, version, read)),
      (error) => {
        reads.delete(read);
        this.fail(read.waiting, error);
      },
    );
  }

  private spread(slice: LogSlice, version: number, read: Read): void {
    // Reads may be answered out of order. After an older one the feed knows less than it could, and looks again.
    this.known = version;
    this.tail = slice.next;
    this.end = slice.end;
    const parcels = new SharedParcels(this.ch, slice);
    read.parcels = parcels;
    for (const subscription of read.waiting) {
      subscription.reading = false;
      const session = this.readers.get(subscription);
      if (session !== undefined) this.give(subscription, session, parcels);
    }
    this.streams.readers.moved(this.streamId);
  }

  private give(subscription: Subscription, session: Session, parcels: SharedParcels): void {
    this.hand(subscription, session, parcels);
    if (this.turn.alone) session.flush();
  }

  private hand(subscription: Subscription, session: Session, parcels: SharedParcels): void {
    const { slice } = parcels;
    // The link, or the turn, may have got full while the log was read.
    if (!session.writable) return;
    if (session.full) return this.offer(subscription);
    // A log that lost chunks has fewer than a reader was sent.
    const lost = slice.next < subscription.next && subscription.next > subscription.start;
    if (lost || slice.life !== subscription.life) return session.drop(subscription, streamRemoved(this.streamId));
    if (slice.from > subscription.next) this.miss(subscription, session, subscription.next, slice.from);
    const count = subscription.affordable(slice.chunks);
    if (count > 0) {
      const parcel = parcels.take(count);
      // What was read is not kept for it, but read again when it is its turn.
      if (!session.takes(parcel.length)) return;
      this.deliver(subscription, session, parcel);
    }
    if (subscription.next < slice.next) {
      if (subscription.chunkCredit > 0) this.offer(subscription);
    } else if (slice.end !== undefined) {
      session.ended(subscription, slice.end);
    } else if (this.stale) {
      this.offer(subscription);
    }
  }

  private deliver(subscription: Subscription, session: Session, parcel: Parcel): void {
    session.deliver(subscription, parcel);
    this.report.delivered(this.streamId, parcel, parcel.frame.seq >= subscription.live);
  }

  private miss(subscription: Subscription, session: Session, from: number, to: number): void {
    session.gap(subscription, from, to);
    subscription.gaps.lose(from, to);
    this.report.missing(this.streamId, from, to);
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
        whenReady(this.streams.log.read(this.streamId, range.from, limit), (slice) => {
          if (!this.readers.has(subscription)) return;
          if (slice.life !== subscription.life) return session.drop(subscription, streamRemoved(this.streamId));
          const sent = this.resend(subscription, session, range, slice);
          this.repairFrom(index + 1, bytes - sent, subscription, session, ranges);
        }),
      (error) => this.fail([subscription], error),
    );
  }

  /** Answers one range; returns the bytes it took. */
  private resend(subscription: Subscription, session: Session, { from, to }: Range, slice: LogSlice): number {
    if (slice.from > from) this.miss(subscription, session, from, Math.min(slice.from, to));
    const chunks = slice.from < to ? slice.chunks.slice(0, to - slice.from) : [];
    if (chunks.length === 0) return 0;
    const parcel = packParcel(this.ch, slice.from, chunks);
    session.resend(parcel);
    subscription.gaps.resent += chunks.length;
    this.report.resent(this.streamId, chunks.length);
    return parcel.length;
  }

  /** The log cannot be read: the readers are told, and read no more. */
  private fail(readers: readonly Subscription[], thrown: unknown): void {
    const error = toStreamError(thrown, 'internal', { streamId: this.streamId });
    for (const subscription of readers) this.readers.get(subscription)?.drop(subscription, error);
  }
}
