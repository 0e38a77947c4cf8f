import { asyncScheduler, type SchedulerLike } from 'rxjs';

/** What each may hold, in bytes, however much the others do: who takes little waits for nobody. */
const ownBytes = 64 * 1024;
/** How long whoever is called may take to read what he wants, in milliseconds, before the next is called as well. */
const turnMs = 100;

/** What an answer knows of the others that go over the same connection. */
export interface Share {
  /**
   * Whether there is room for so many bytes: then they are held for it, until they have gone. Otherwise they are not to be kept, and
   * it is called when its turn comes.
   */
  takes(bytes: number): boolean;
  /** Has it called when there may be room again, after there was none. */
  onTurn(call: () => void): void;
  /** Whether it waits for its turn. */
  readonly waits: boolean;
  /** Whether the other end of the connection was not heard of for too long. */
  readonly vanished: boolean;
}

/**
 * @internal What waits unsent for one connection that carries many answers, bounded over all of them: one page may go beyond. Who finds
 * no room waits, and is called in the order in which they came, one at a time, so that nothing is read that nobody can keep.
 */
export class Room {
  /** The other end was not heard of for too long. */
  vanished = false;
  /** Those that are not over. */
  readonly shares = new Set<RoomShare>();
  private held = 0;
  private due = false;
  private calling = false;
  private readonly queue = new Set<RoomShare>();

  constructor(
    private readonly maxBytes: number,
    private readonly scheduler: SchedulerLike = asyncScheduler,
  ) {}

  now(): number {
    return this.scheduler.now();
  }

  /** Bytes that are held. */
  get bytes(): number {
    return this.held;
  }

  /** A share for one more answer; `end` ends it. */
  share(end: () => void): RoomShare {
    const share = new RoomShare(this, end);
    this.shares.add(share);
    return share;
  }

  /** Whether there is room for whoever may be next. */
  get open(): boolean {
    return this.held < this.maxBytes;
  }

  /** Whether nobody waits for it. */
  get quiet(): boolean {
    return this.queue.size === 0;
  }

  hold(bytes: number): void {
    this.held += bytes;
    this.callLater();
  }

  wait(share: RoomShare): void {
    this.queue.add(share);
  }

  waits(share: RoomShare): boolean {
    return this.queue.has(share);
  }

  /** It wants nothing more, and waits for nothing. */
  pass(share: RoomShare): void {
    this.queue.delete(share);
    this.callLater();
  }

  leave(share: RoomShare): void {
    this.shares.delete(share);
    this.pass(share);
  }

  /** Calls the next, if there is room: in a turn of its own, as whoever is called may take at once. */
  callLater(): void {
    if (this.due || this.queue.size === 0 || !this.open) return;
    this.due = true;
    queueMicrotask(() => {
      this.due = false;
      if (this.open) this.callNext();
    });
  }

  private callNext(): void {
    const [next] = this.queue;
    if (next === undefined) return;
    this.queue.delete(next);
    next.called();
    // Whoever was called may want nothing any more.
    if (this.queue.size > 0 && !this.calling) {
      this.calling = true;
      this.scheduler.schedule(() => {
        this.calling = false;
        this.callLater();
      }, turnMs);
    }
  }
}

/** @internal One answer's part of a {@link Room}. */
export class RoomShare implements Share {
  /** What is on its way to be written, and what was written and has not gone. */
  private promised = 0;
  private written = 0;
  private movedAt = 0;
  private isTurn = false;
  private over = false;
  private ending = false;
  private readonly calls: (() => void)[] = [];

  constructor(
    private readonly room: Room,
    private readonly endAnswer: () => void,
  ) {}

  get vanished(): boolean {
    return this.room.vanished;
  }

  get waits(): boolean {
    return this.room.waits(this);
  }

  takes(bytes: number): boolean {
    if (this.over) return true;
    const { room } = this;
    const isSmall = this.promised + this.written + bytes <= ownBytes;
    if (!isSmall && !(room.open && (this.isTurn || room.quiet))) {
      room.wait(this);
      return false;
    }
    this.isTurn = false;
    this.promised += bytes;
    room.hold(bytes);
    return true;
  }

  onTurn(call: () => void): void {
    this.calls.push(call);
  }

  /** It is its turn. */
  called(): void {
    this.isTurn = true;
    for (const call of this.calls) call();
  }

  /** So much was written: what was held for it, or more. */
  wrote(bytes: number): void {
    if (this.over) return;
    if (this.written === 0) this.movedAt = this.room.now();
    const kept = Math.min(this.promised, bytes);
    this.promised -= kept;
    this.written += bytes;
    this.room.hold(bytes - kept);
  }

  /** So much of what was written has gone. */
  sent(bytes: number): void {
    if (this.over) return;
    this.written -= bytes;
    this.movedAt = this.room.now();
    // What was held may have become less when it was written.
    const rest = this.written === 0 ? this.promised : 0;
    this.promised -= rest;
    this.room.hold(-bytes - rest);
  }

  /**
   * How long nothing has gone of what was written, in milliseconds, less the time that all which waits for the connection may take: its
   * answers go in turn.
   */
  stalledMs(msPerByte: number): number {
    return this.written === 0 ? 0 : this.room.now() - this.movedAt - this.room.bytes * msPerByte;
  }

  /** All is written that will be. */
  wroteAll(): void {
    this.isTurn = false;
    this.room.pass(this);
  }

  /** Ends the answer. What waits for it is held until it is over. @returns whether that was not done before */
  end(): boolean {
    if (this.ending) return false;
    this.ending = true;
    this.endAnswer();
    return true;
  }

  /** The answer is over. */
  close(): void {
    if (this.over) return;
    this.over = true;
    this.room.leave(this);
    this.room.hold(-this.promised - this.written);
  }
}

const key = Symbol('share');

interface Sharing {
  [key]?: Share;
}

/** @internal From now on an answer has this share of its connection. */
export function giveShare(answer: object, share: Share): void {
  (answer as Sharing)[key] = share;
}

/** @internal What an answer shares with others. Where it has its connection to itself: nothing. */
export function shareOf(answer: object): Share {
  return (answer as Sharing)[key] ?? alone;
}

const alone: Share = { takes: () => true, onTurn: () => {}, waits: false, vanished: false };
