import { StreamError } from '../chunk/index.js';
import { attempt, type Log, type LogSlice, whenReady } from '../log/log.js';
import { type Follower, type Group, Groups } from './groups.js';
import { Page, type PageForm } from './page.js';
import { type Made, readSame } from './read-same.js';
import type { TailTiming } from './tail-timing.js';

const limit = { chunks: 1024, bytes: 128 * 1024 };
/** Who is behind gets so many pages before others have their turn. */
const maxRow = 8;
/** So long what follows a page waits for company at least, and at most. */
const minRestMs = 0.25;
const maxRestMs = 20;
/** So much of it may be put off: what comes now and then is told at once, though two of it meet. */
const leewayMs = 1;

/**
 * @internal Those who follow one stream. All at the same place share one read of the log and one rendering; who takes nothing
 * more is not read for. What changes after a pause is told at once. What changes while all are being told, and for as long again,
 * is told together: a stream that never rests takes half of a server's time at most. Of that rest a little may be put off.
 */
export class Tail {
  private readonly groups = new Groups();
  private readonly unwatch: () => void;
  private version = 0;
  private tail = 0;
  private due = false;
  /** How long telling took since it was last begun with, and when it was done. */
  private tookMs = 0;
  private doneAt = -Infinity;
  /** How much rest was put off when telling was last begun with. */
  private putOffMs = 0;

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

  /** Its first page may be empty. */
  add(follower: Follower): void {
    this.serve(this.groups.begin(follower));
  }

  /** Does nothing when it has left before. */
  remove(follower: Follower): void {
    if (!this.groups.remove(follower) || this.groups.size > 0) return;
    this.unwatch();
    this.deserted();
  }

  /** Nobody is followed here any more. */
  close(error: StreamError): void {
    for (const follower of this.groups.followers) this.fail(follower, error);
  }

  /** A follower takes more than before. */
  offer(follower: Follower): void {
    if (this.groups.isAside(follower)) this.serve(this.groups.begin(follower));
  }

  private arm(): void {
    if (this.due) return;
    this.due = true;
    const restMs = this.restMs();
    if (restMs <= 0) this.timing.soon(this.pump);
    else this.rest(restMs);
  }

  /** How long it is still to wait for company. */
  private restMs(): number {
    // A clock may be set back.
    return Math.min(maxRestMs, this.owedMs() - leewayMs);
  }

  /** How much rest is owed for what was told. */
  private owedMs(): number {
    const restedMs = this.timing.now() - this.doneAt;
    return Math.max(0, this.putOffMs + Math.max(minRestMs, this.tookMs) - restedMs);
  }

  /** What is too short for a timer is waited for turn by turn. */
  private rest(restMs: number): void {
    if (restMs >= 1) this.timing.later(this.pump, restMs);
    else this.timing.turn(this.turned);
  }

  private readonly turned = (): void => {
    const restMs = this.restMs();
    if (restMs > 0) this.rest(restMs);
    else this.pump();
  };

  private readonly pump = (): void => {
    this.due = false;
    this.putOffMs = Math.min(leewayMs, this.owedMs());
    this.tookMs = 0;
    for (const group of this.groups.settled) if (!this.isCurrent(group)) this.serve(group);
  };

  private isCurrent({ version, next }: Group): boolean {
    return version === this.version && next >= this.tail;
  }

  private serve(group: Group): void {
    this.groups.unsettle(group);
    for (const follower of group.members) {
      if (follower.ready) return this.read(group);
      this.groups.setAside(follower);
    }
  }

  private read(group: Group): void {
    const { version } = this;
    attempt(
      () =>
        whenReady(readSame(this.log, this.stream, group.next, limit), (slice) => this.spread(group, slice, version)),
      (error) => {
        for (const follower of [...group.members]) this.fail(follower, error);
      },
    );
  }

  private spread(group: Group, slice: LogSlice, version: number): void {
    const { next: from, members } = group;
    if (slice.next < from) throw new StreamError('stream-not-found', `the stream "${this.stream.name}" was removed`);
    if (slice.from > from) throw new StreamError('gap', `chunks of "${this.stream.name}" are no longer kept`);
    this.tail = slice.next;
    const page = new Page(this.form, slice, group.split);
    group.next = page.to;
    group.version = version;
    this.give(page, members);
    if (members.size === 0) return;
    if (!page.upToDate && ++group.row < maxRow) return this.serve(group);
    group.row = 0;
    this.groups.settle(group);
    if (!page.upToDate || version !== this.version) this.arm();
  }

  private give(page: Page, members: Group['members']): void {
    const begunAt = this.timing.now();
    for (const follower of members) {
      if (follower.ready && (follower.admits?.(page) ?? true)) {
        follower.next = page.to;
        follower.take(page);
      } else {
        this.groups.setAside(follower);
      }
    }
    this.doneAt = this.timing.now();
    this.tookMs += this.doneAt - begunAt;
  }

  private fail(follower: Follower, error: unknown): void {
    if (!this.groups.has(follower)) return;
    this.remove(follower);
    follower.failed(error);
  }
}
