import { type EncodedChunk, type Range, toStreamError } from '../chunk/index.js';
import { attempt, type Close, type Log, type LogSlice, type ReadLimit, whenReady } from '../log/log.js';
import type { DataFrame } from '../protocol/index.js';
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
  /** The log changed: everybody may have something to get. */
  private changed = true;
  /** How often the log changed. */
  private version = 0;
  /** What a read showed: the number the next chunk gets, and the end. True for this version of the log only. */
  private tail = 0;
  private end: Close | undefined;
  private knownVersion = -1;
  private readonly unwatch: () => void;

  constructor(
    readonly streamId: string,
    readonly ch: number,
    private readonly log: Log,
    /** Asks for a call of {@link Feed.pump} at the end of the turn. */
    private readonly wake: (feed: Feed) => void,
  ) {
    this.unwatch = log.watch(streamId, () => {
      this.changed = true;
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
    for (const [from, readers] of this.group()) this.serve(from, readers);
  }

  /** Readers that can take something now, by their place. */
  private group(): Map<number, Subscription[]> {
    const { changed } = this;
    const candidates = changed ? this.readers.keys() : this.ready;
    const groups = new Map<number, Subscription[]>();
    for (const subscription of candidates) {
      if (subscription.reading || subscription.ended !== undefined || subscription.chunkCredit <= 0) continue;
      if (!this.readers.get(subscription)!.writable) continue;
      if (this.hasAll(subscription)) continue;
      const group = groups.get(subscription.next);
      if (group === undefined) groups.set(subscription.next, [subscription]);
      else group.push(subscription);
    }
    this.changed = false;
    this.ready.clear();
    return groups;
  }

  /** At the tail, and nothing has happened since: there is nothing to read. */
  private hasAll(subscription: Subscription): boolean {
    return this.knownVersion === this.version && subscription.next >= this.tail && this.end === undefined;
  }

  private serve(from: number, readers: readonly Subscription[]): void {
    const { version } = this;
    for (const subscription of readers) subscription.reading = true;
    attempt(
      () => whenReady(this.log.read(this.streamId, from, batchLimit), (slice) => this.spread(slice, readers, version)),
      (error) => this.fail(readers, error),
    );
  }

  private spread(slice: LogSlice, readers: readonly Subscription[], version: number): void {
    this.tail = slice.next;
    this.end = slice.end;
    this.knownVersion = version;
    const frames = new SharedFrames(this.ch, slice);
    for (const subscription of readers) {
      subscription.reading = false;
      const session = this.readers.get(subscription);
      if (session !== undefined) this.give(subscription, session, slice, frames);
    }
  }

  private give(subscription: Subscription, session: Session, slice: LogSlice, frames: SharedFrames): void {
    if (slice.from > subscription.next) session.gap(subscription, subscription.next, slice.from);
    const count = subscription.affordable(slice.chunks);
    if (count > 0) {
      const { frame, bytes } = frames.take(count);
      session.deliver(subscription, frame, bytes);
    }
    if (subscription.next < slice.next) {
      if (subscription.chunkCredit > 0) this.offer(subscription);
    } else if (slice.end !== undefined) {
      session.ended(subscription, slice.end);
    } else if (!this.hasAll(subscription)) {
      // The log changed while it was read.
      this.offer(subscription);
    }
  }

  /** Sends chunks again, as far as one frame's bytes go; the reader asks again for the rest. */
  repair(subscription: Subscription, session: Session, ranges: readonly Range[]): void {
    let budget = batchLimit.bytes;
    for (const { from, to } of ranges) {
      if (budget <= 0) return;
      const limit = { chunks: Math.min(to - from, batchLimit.chunks), bytes: budget };
      attempt(
        () =>
          whenReady(this.log.read(this.streamId, from, limit), (slice) => {
            budget -= slice.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
            if (this.readers.has(subscription)) this.resend(subscription, session, { from, to }, slice);
          }),
        (error) => this.fail([subscription], error),
      );
    }
  }

  private resend(subscription: Subscription, session: Session, range: Range, slice: LogSlice): void {
    if (slice.from > range.from) session.gap(subscription, range.from, Math.min(slice.from, range.to));
    const chunks = slice.from < range.to ? slice.chunks.slice(0, range.to - slice.from) : [];
    if (chunks.length > 0) session.resend({ t: 'data', ch: this.ch, seq: slice.from, chunks });
  }

  /** The log cannot be read: the readers are told, and read no more. */
  private fail(readers: readonly Subscription[], thrown: unknown): void {
    const error = toStreamError(thrown, 'internal', { streamId: this.streamId });
    for (const subscription of readers) this.readers.get(subscription)?.drop(subscription, error);
  }
}

/** The frames of one slice by how many of its chunks they hold: nearly always one, for everybody. */
class SharedFrames {
  private readonly made = new Map<number, { frame: DataFrame<EncodedChunk>; bytes: number }>();

  constructor(
    private readonly ch: number,
    private readonly slice: LogSlice,
  ) {}

  take(count: number): { frame: DataFrame<EncodedChunk>; bytes: number } {
    const known = this.made.get(count);
    if (known !== undefined) return known;
    const { from, chunks } = this.slice;
    const taken = count === chunks.length ? chunks : chunks.slice(0, count);
    const bytes = taken.reduce((sum, chunk) => sum + chunk.size, 0);
    const made = { frame: { t: 'data', ch: this.ch, seq: from, chunks: taken } as const, bytes };
    this.made.set(count, made);
    return made;
  }
}
