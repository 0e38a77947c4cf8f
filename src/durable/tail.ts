import { StreamError } from '../chunk/index.js';
import { attempt, type Log, type LogSlice, whenReady } from '../log/log.js';
import { Page, type PageForm } from './page.js';
import { type Made, readSame } from './read-same.js';

/** @internal Somebody who follows a stream. */
export interface Follower {
  /** Number of the chunk it gets next. */
  next: number;
  /** Whether it takes another page. */
  readonly ready: boolean;
  /** How it wants text to be cut. */
  readonly split: 'anywhere' | 'characters';
  /** Takes what is kept from its place on. Empty when that is nothing. */
  take(page: Page): void;
  /** There is no more for it. */
  failed(error: unknown): void;
}

/** @internal When a {@link Tail} works. */
export interface TailTiming {
  /** Runs work when the code that is running has returned. */
  readonly soon: (work: () => void) => void;
  /** Runs work when the turn of the event loop is over. */
  readonly later: (work: () => void) => void;
  readonly now: () => number;
}

interface SharedRead {
  readonly waiting: Follower[];
  page: Page | undefined;
}

const limit = { chunks: 1024, bytes: 128 * 1024 };

/** What a follower has been shown, and whether it is being read for. */
interface Standing {
  version: number;
  reading: boolean;
}

/**
 * @internal Those who follow one stream. All at the same place share one read of the log and one rendering; who takes
 * nothing more is not read for. The first change of a millisecond is told at once, the others together.
 */
export class Tail {
  private readonly followers = new Map<Follower, Standing>();
  private readonly unwatch: () => void;
  private version = 0;
  private tail = 0;
  private due = false;
  private ranAt = -Infinity;

  constructor(
    readonly stream: Made,
    private readonly form: PageForm,
    private readonly log: Log,
    private readonly timing: TailTiming,
    private readonly deserted: () => void,
  ) {
    this.unwatch = log.watch(stream.name, () => {
      this.version++;
      this.arm();
    });
  }

  add(follower: Follower): void {
    const standing = { version: -1, reading: false };
    this.followers.set(follower, standing);
    this.serve(follower, standing, new Map());
  }

  /** Does nothing when it has left before. */
  remove(follower: Follower): void {
    if (!this.followers.delete(follower) || this.followers.size > 0) return;
    this.unwatch();
    this.deserted();
  }

  /** Nobody is followed here any more. */
  close(error: StreamError): void {
    for (const follower of [...this.followers.keys()]) this.fail(follower, error);
  }

  /** A follower takes more than before. */
  offer(follower: Follower): void {
    const standing = this.followers.get(follower);
    if (standing !== undefined) this.serve(follower, standing, new Map());
  }

  private arm(): void {
    if (this.due) return;
    this.due = true;
    const { soon, later, now } = this.timing;
    const time = now();
    const defer = time === this.ranAt ? later : soon;
    this.ranAt = time;
    defer(() => {
      this.due = false;
      this.pump();
    });
  }

  private pump(): void {
    const reads = new Map<string, SharedRead>();
    for (const [follower, standing] of this.followers) this.serve(follower, standing, reads);
  }

  private serve(follower: Follower, standing: Standing, reads: Map<string, SharedRead>): void {
    if (standing.reading || !follower.ready) return;
    if (standing.version === this.version && follower.next >= this.tail) return;
    const { version } = this;
    const key = `${follower.next} ${follower.split}`;
    const shared = reads.get(key);
    if (shared?.page !== undefined) return this.give(follower, standing, shared.page, version);
    standing.reading = true;
    if (shared !== undefined) return void shared.waiting.push(follower);
    const read: SharedRead = { waiting: [follower], page: undefined };
    reads.set(key, read);
    const { next: from, split } = follower;
    attempt(
      () =>
        whenReady(readSame(this.log, this.stream, from, limit), (slice) =>
          this.spread(slice, from, split, version, read),
        ),
      (error) => {
        reads.delete(key);
        for (const each of read.waiting) this.fail(each, error);
      },
    );
  }

  private spread(slice: LogSlice, from: number, split: Follower['split'], version: number, read: SharedRead): void {
    if (slice.next < from) throw new StreamError('stream-not-found', `the stream "${this.stream.name}" was removed`);
    if (slice.from > from) throw new StreamError('gap', `chunks of "${this.stream.name}" are no longer kept`);
    this.tail = slice.next;
    const page = new Page(this.form, slice, split);
    read.page = page;
    for (const follower of read.waiting) {
      const standing = this.followers.get(follower);
      if (standing === undefined) continue;
      standing.reading = false;
      this.give(follower, standing, page, version);
    }
  }

  private give(follower: Follower, standing: Standing, page: Page, version: number): void {
    standing.version = version;
    follower.next = page.to;
    follower.take(page);
    const more = !page.upToDate || version !== this.version;
    if (more && this.followers.has(follower)) this.arm();
  }

  private fail(follower: Follower, error: unknown): void {
    if (!this.followers.has(follower)) return;
    this.remove(follower);
    follower.failed(error);
  }
}
