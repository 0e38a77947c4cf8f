import { asyncScheduler, type SchedulerLike, Subscription } from 'rxjs';
import { checkBound, type Chunk, createChunk, StreamError } from '../chunk/index.js';
import { attempt, whenReady } from '../log/log.js';
import { type LeaseEntry, leaseEntry, leases, maxLeaseMs } from './lease.js';
import type { Streams } from './streams.js';

/** Options of {@link createReaper}. */
export interface ReaperOptions {
  /** How much later than its lease a producer is given up. Default 500. */
  readonly graceMs?: number;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** Ends the streams of producers that died. */
export interface Reaper {
  /** Leases that are held, as far as this reaper knows. */
  readonly held: number;
  /** Watches no more. */
  dispose(): void;
}

/** Entries that may be behind all that are held before they are forgotten. */
const slack = 256;
/** How long to wait before a stream that could not be ended is tried again. */
const againMs = 1000;

/**
 * Watches the leases on streams: when a producer's is over, its stream ends as `failed`, reason `producer-lost`, so that no
 * reader waits for ever. Any number of reapers may watch the same log: the log itself ends a stream once, and refuses to end
 * one that a higher epoch has taken over. After a restart every lease counts anew.
 */
export function createReaper(streams: Streams, options: ReaperOptions = {}): Reaper {
  const graceMs = checkBound('graceMs', options.graceMs ?? 500, { min: 0, max: maxLeaseMs });
  return new LeaseReaper(streams, graceMs, options.scheduler ?? asyncScheduler);
}

/** A lease that is held, where its latest word stands, and when it is over. */
interface Held extends LeaseEntry {
  readonly seq: number;
  endsAt: number;
}

class LeaseReaper implements Reaper {
  private readonly leases = new Map<string, Held>();
  private readonly teardown = new Subscription();
  private following: Subscription | undefined;
  private timer: Subscription | undefined;
  private trimmed = 0;

  constructor(
    private readonly streams: Streams,
    private readonly graceMs: number,
    private readonly scheduler: SchedulerLike,
  ) {
    this.teardown.add(streams.log.watch(leases, () => this.follow()));
    this.teardown.add(() => this.following?.unsubscribe());
    this.teardown.add(() => this.timer?.unsubscribe());
    this.follow();
  }

  get held(): number {
    return this.leases.size;
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
    const key = `${entry.producer}\n${entry.stream}`;
    const known = this.leases.get(key);
    // The life before has no say any more.
    if (known !== undefined && known.epoch > entry.epoch) return;
    if (entry.state === 'released') this.leases.delete(key);
    else this.leases.set(key, { ...entry, seq, endsAt: this.scheduler.now() + entry.leaseMs + this.graceMs });
    this.forget(seq);
    this.arm();
  }

  /** Lets go of what nobody needs to read again. */
  private forget(seq: number): void {
    let needed = seq;
    for (const held of this.leases.values()) needed = Math.min(needed, held.seq);
    if (needed - this.trimmed < slack) return;
    this.trimmed = needed;
    attempt(
      () => this.streams.log.trim(leases, needed),
      () => {},
    );
  }

  /** Wakes when the first lease is over. */
  private arm(): void {
    this.timer?.unsubscribe();
    let first = Infinity;
    for (const { endsAt } of this.leases.values()) first = Math.min(first, endsAt);
    if (first === Infinity) return;
    this.timer = this.scheduler.schedule(() => this.reap(), Math.max(0, first - this.scheduler.now()));
  }

  private reap(): void {
    const now = this.scheduler.now();
    for (const [key, held] of this.leases) if (held.endsAt <= now) this.end(key, held);
    this.arm();
  }

  private end(key: string, held: Held): void {
    const { stream, producer, epoch } = held;
    // Until it is known to have ended.
    held.endsAt = this.scheduler.now() + againMs;
    const options = {
      // Its own id and epoch: a log fences it where a later life of the producer has appended.
      producer: { id: producer, epoch, seq: 0 },
      close: { status: 'failed', reason: 'producer-lost' },
    } as const;
    const done = (): void => {
      if (this.leases.get(key) !== held) return;
      this.leases.delete(key);
      this.takeBack(held);
    };
    attempt(
      () => whenReady(this.streams.append(stream, [], options), done),
      (error) => {
        if (error instanceof StreamError && over.has(error.code)) done();
      },
    );
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
const over: ReadonlySet<string> = new Set(['producer-fenced', 'stream-closed', 'stream-cancelled', 'stream-not-found']);
