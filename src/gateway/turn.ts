import type { Feed } from './feed.js';
import type { Session } from './session.js';

/** Runs a function when the current turn of the event loop is over. */
export type Defer = (work: () => void) => void;

/**
 * Collects what one turn of the event loop has made ready, so that it leaves in one write for each connection: first
 * every feed is read, then every session is flushed.
 */
export class Turn {
  private feeds = new Set<Feed>();
  private sessions: Session[] = [];
  private due = false;

  constructor(private readonly defer: Defer) {}

  /** Has a feed pumped. */
  readonly feed = (feed: Feed): void => {
    this.feeds.add(feed);
    this.arm();
  };

  /** Has a session flushed. */
  session(session: Session): void {
    this.sessions.push(session);
    this.arm();
  }

  private arm(): void {
    if (this.due) return;
    this.due = true;
    this.defer(this.run);
  }

  private readonly run = (): void => {
    try {
      const { feeds } = this;
      this.feeds = new Set();
      for (const feed of feeds) feed.pump();
      const { sessions } = this;
      this.sessions = [];
      for (const session of sessions) session.flush();
    } finally {
      this.due = false;
      // Feeds with more to give asked for the next turn, so that nobody waits for the longest backlog.
      if (this.feeds.size > 0 || this.sessions.length > 0) this.arm();
    }
  };
}
