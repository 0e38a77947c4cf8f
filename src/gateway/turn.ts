import type { Feed } from './feed.js';
import type { Session } from './session.js';

/** Runs a function a little later. */
export type Defer = (work: () => void) => void;

/** Runs work when the turn of the event loop is over, wherever this is. */
export function defaultDefer(): Defer {
  const { setImmediate } = globalThis as { setImmediate?: (work: () => void) => unknown };
  return setImmediate === undefined ? (work) => void setTimeout(work) : (work) => void setImmediate(work);
}

/** What a {@link Turn} needs of its surroundings. */
export interface TurnOptions {
  /** Runs work when the code that is running has returned. */
  readonly soon: Defer;
  /** Runs work when the turn of the event loop is over. */
  readonly later: Defer;
  /** The time in milliseconds. */
  readonly now: () => number;
}

/**
 * Collects what one turn of the event loop has made ready, so that it leaves in one write for each connection: first
 * every feed is read, then every session is flushed.
 *
 * Once in a millisecond nothing is waited for: the first work leaves as soon as the code that made it ready has returned.
 * Under load that is a write more in a thousand, and without load nobody waits for company that does not come.
 */
export class Turn {
  private feeds: Feed[] = [];
  private sessions: Session[] = [];
  private due = false;
  private single = false;
  private ranAt = -Infinity;

  constructor(private readonly options: TurnOptions) {}

  /** Has a feed pumped. */
  feed(feed: Feed): void {
    if (feed.due) return;
    feed.due = true;
    // A list made with its first entry takes a fifth of the room of an empty one that grows.
    if (this.feeds.length === 0) this.feeds = [feed];
    else this.feeds.push(feed);
    this.arm();
  }

  /** Has a session flushed. */
  session(session: Session): void {
    if (this.sessions.length === 0) this.sessions = [session];
    else this.sessions.push(session);
    this.arm();
  }

  /** Whether one feed is being pumped and no other is due: what it gives need not wait to be joined by more. */
  get alone(): boolean {
    return this.single;
  }

  private arm(): void {
    if (this.due) return;
    this.due = true;
    const { soon, later, now } = this.options;
    const time = now();
    if (time === this.ranAt) return later(this.run);
    this.ranAt = time;
    soon(this.run);
  }

  private readonly run = (): void => {
    try {
      const { feeds } = this;
      this.feeds = [];
      this.pump(feeds);
      const { sessions } = this;
      this.sessions = [];
      for (const session of sessions) session.flush();
    } finally {
      this.due = false;
      // Feeds with more to give asked for the next turn, so that nobody waits for the longest backlog.
      if (this.feeds.length > 0 || this.sessions.length > 0) this.arm();
    }
  };

  private pump(feeds: readonly Feed[]): void {
    this.single = feeds.length === 1;
    let at = 0;
    try {
      while (at < feeds.length) {
        const feed = feeds[at++]!;
        feed.due = false;
        feed.pump();
      }
    } finally {
      this.single = false;
      // A defect of one is no reason to forget the others.
      if (at < feeds.length) this.feeds.push(...feeds.slice(at));
    }
  }
}
