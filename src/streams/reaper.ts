import { asyncScheduler, type SchedulerLike, Subscription } from 'rxjs';
import { checkBound, type Chunk, createChunk, StreamError } from '../chunk/index.js';
import { attempt, type MaybePromise, whenReady } from '../log/log.js';
import { type LeaseEntry, leaseEntry, leases, maxLeaseMs } from './lease.js';
import { type HeldLease, LeaseBook } from './lease-book.js';
import { steadyNow } from './steady-now.js';
import type { Streams } from './streams.js';

/** Options of {@link createReaper}. */
export interface ReaperOptions {
  /** How much later than its lease a producer is given up. Default 500. */
  readonly graceMs?: number;
  /** Leases watched at the same time; the words of one more are not heeded as long as there are as many. Default 100 000. */
  readonly maxLeases?: number;
  /**
   * Told of a lease that is over and leaves its stream to an heir (`heirMs`): whoever would take the stream over may do so now.
   * Must not throw.
   */
  readonly lapsed?: (lease: LapsedLease) => void;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** A lease that is over: its producer is silent, and its stream is not ended yet. */
export interface LapsedLease {
  readonly streamId: string;
  readonly producer: string;
  /** The epoch of the producer. Whoever takes over goes above it. */
  readonly epoch: number;
}

/** Ends the streams of producers that died. */
export interface Reaper {
  /** Leases that are held, as far as this reaper knows. */
  readonly held: number;
  /** Whether somebody holds a lease on a stream, as far as this reaper knows. */
  holds(streamId: string): boolean;
  /** Watches no more. */
  dispose(): void;
}

/** Entries that may be behind all that are held before they are forgotten. */
const slack = 256;
/** Woken so much too late, the reaper itself has stood still: what was said meanwhile may be there, and not be heard yet. */
const stallMs = 500;
/** How long to wait before a stream that could not be ended is tried again. */
const againMs = 1000;

/**
 * Watches the leases on streams: when a producer's is over, its stream ends as `failed`, reason `producer-lost`, so that no
 * reader waits for ever. Any number of reapers may watch the same log: the log itself ends a stream once, and refuses to end
 * one that a higher epoch has taken over, or another stream that has its name now. A stream whose producer leaves it to an heir is
 * offered first. After a restart every lease counts anew; a
 * clock that is set ends and prolongs none.
 */
export function createReaper(streams: Streams, options: ReaperOptions = {}): Reaper {
  const graceMs = checkBound('graceMs', options.graceMs ?? 500, { min: 0, max: maxLeaseMs });
  const maxLeases = checkBound('maxLeases', options.maxLeases ?? 100_000);
  const { lapsed = () => {}, scheduler = asyncScheduler } = options;
  return new LeaseReaper(streams, graceMs, maxLeases, lapsed, scheduler);
}

class LeaseReaper implements Reaper {
  private readonly leases: LeaseBook;
  private readonly now: () => number;
  private readonly teardown = new Subscription();
  private following: Subscription | undefined;
  private timer: Subscription | undefined;
  private wakeAt = Infinity;
  private trimmed = 0;

  constructor(
    private readonly streams: Streams,
    private readonly graceMs: number,
    maxLeases: number,
    private readonly lapsed: (lease: LapsedLease) => void,
    private readonly scheduler: SchedulerLike,
  ) {
    this.leases = new LeaseBook(maxLeases);
    this.now = steadyNow(scheduler);
    this.teardown.add(streams.log.watch(leases, () => this.follow()));
    this.teardown.add(() => this.following?.unsubscribe());
    this.teardown.add(() => this.timer?.unsubscribe());
    this.follow();
  }

  get held(): number {
    return this.leases.size;
  }

  holds(streamId: string): boolean {
    return this.leases.holds(streamId);
  }

  dispose(): void {
    this.teardown.unsubscribe();
    this.leases.clear();
  }

  /** Reads what is said of leases; when there is nothing to read, it begins once there is. */
  private follow(): void {
    if (this.following !== undefined || this.teardown.closed) return;
    this.following = new Subscription();
    this.following.add(
      this.streams.receive(leases, { onGap: 'skip' }).subscribe({
        next: (chunk) => this.heard(chunk),
        error: () => (this.following = undefined),
        complete: () => (this.following = undefined),
      }),
    );
  }

  private heard({ seq, data }: Chunk): void {
    const parsed = leaseEntry.safeParse(data);
    // Anybody may write to a stream.
    if (!parsed.success) return;
    const entry = parsed.data;
    const known = this.leases.get(entry);
    // The life before has no say any more.
    if (known !== undefined && known.epoch > entry.epoch) return;
    if (entry.state === 'released') this.leases.delete(entry);
    else this.leases.set({ ...entry, at: seq, place: 0, ...this.dueOf(entry) });
    this.forget(seq);
    this.arm();
  }

  /** When a lease is over: at once where its producer has left it, for nothing more is to be heard of that one. */
  private dueOf({ state, leaseMs }: LeaseEntry): Pick<HeldLease, 'dueAt' | 'spared'> {
    const now = this.now();
    return state === 'left' ? { dueAt: now, spared: true } : { dueAt: now + leaseMs + this.graceMs };
  }

  /** Lets go of what nobody needs to read again. */
  private forget(seq: number): void {
    const needed = this.leases.oldest?.at ?? seq;
    if (needed - this.trimmed < slack) return;
    this.trimmed = needed;
    attempt(
      () => this.streams.log.trim(leases, needed),
      () => {},
    );
  }

  /** Wakes when the first lease is over, or earlier: a lease is renewed far more often than it ends. */
  private arm(): void {
    const first = this.leases.first?.dueAt ?? Infinity;
    if (first >= this.wakeAt) return;
    this.timer?.unsubscribe();
    this.wakeAt = first;
    this.timer = this.scheduler.schedule(() => this.reap(), Math.max(0, first - this.now()));
  }

  private reap(): void {
    const now = this.now();
    const stalled = now - this.wakeAt > stallMs;
    this.wakeAt = Infinity;
    for (let held = this.leases.first; held !== undefined && held.dueAt <= now; held = this.leases.first) {
      if (stalled && !held.spared) {
        this.spare(held, now);
        continue;
      }
      if (held.heirMs !== undefined && held.offered !== true) {
        this.offer(held, now + held.heirMs);
        continue;
      }
      // Until it is known to have ended.
      this.leases.postpone(held, now + againMs);
      this.end(held);
    }
    this.arm();
  }

  /** Leaves the stream to whoever would take it over, for a while. */
  private offer(held: HeldLease, until: number): void {
    const { stream: streamId, producer, epoch } = held;
    held.offered = true;
    this.leases.postpone(held, until);
    this.lapsed({ streamId, producer, epoch });
  }

  /** Lets a producer say one word more: whoever lives does, three times in a lease. */
  private spare(held: HeldLease, now: number): void {
    held.spared = true;
    this.leases.postpone(held, now + held.leaseMs / 3 + this.graceMs);
  }

  private end(held: HeldLease): void {
    const done = (): void => {
      // Renewed meanwhile, it is another.
      if (this.leases.get(held) !== held) return;
      this.leases.delete(held);
      this.takeBack(held);
    };
    attempt(
      () => whenReady(this.streams.info(held.stream), (info) => this.close(held, info?.createdAt, done)),
      (error) => {
        if (error instanceof StreamError && over.has(error.code)) done();
      },
    );
  }

  private close(held: HeldLease, createdAt: number | undefined, done: () => void): MaybePromise<void> {
    // It was renewed, or this reaper disposed of, while the stream was looked up.
    if (this.leases.get(held) !== held) return;
    const { stream, producer, epoch, kept = 0 } = held;
    // There is none, or another, made when the one this is about was gone.
    if (createdAt === undefined || (held.createdAt ?? createdAt) !== createdAt) return done();
    const options = {
      // Its own id and epoch: a log fences it where a later life of the producer has appended. And its own number: a stream
      // that has not seen as much of the producer is not the one it wrote to, and refuses it as well.
      producer: { id: producer, epoch, seq: kept },
      close: { status: 'failed', reason: 'producer-lost' },
    } as const;
    return whenReady(this.streams.append(stream, [], options), done);
  }

  /** Takes back the last word of the dead: read again after a restart, it would end the next stream of that name. */
  private takeBack({ stream, producer, epoch, leaseMs }: LeaseEntry): void {
    const data = { stream, producer, epoch, leaseMs, state: 'released' } as const;
    const chunk = createChunk({ streamId: leases, seq: 0, data, timestamp: this.scheduler.now() });
    attempt(
      () => whenReady(this.streams.publish(leases, [chunk]), () => {}),
      () => {},
    );
  }
}

/** Why a stream needs no end from here. */
const over: ReadonlySet<string> = new Set([
  'producer-fenced',
  'sequence-gap',
  'stream-closed',
  'stream-cancelled',
  'stream-not-found',
]);
