import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { checkBound } from '../../chunk/index.js';
import { Watchers } from '../watchers.js';
import { followStatuses } from './statuses.js';
import type { NatsSubjects } from './subjects.js';

interface Watched {
  readonly subscription: Subscription;
  count: number;
}

/**
 * @internal Who watches which stream, over the one connection. The server tells of every message once it is kept, on a subject
 * of the stream, and forgets that: so whenever the connection was lost and is back, everybody is called.
 *
 * Servers of a cluster may lose what they hand on to each other; there everybody is called from time to time.
 */
export class NatsNotices {
  private readonly watchers = new Watchers();
  private readonly watched = new Map<string, Watched>();
  private readonly pulseMs: number;
  private unfollow: (() => void) | undefined;
  private pulse: NodeJS.Timeout | undefined;
  private disposed = false;

  constructor(
    private readonly connection: NatsConnection,
    private readonly subjects: NatsSubjects,
    pulseMs: number,
  ) {
    this.pulseMs = checkBound('pulseMs', pulseMs);
  }

  add(streamId: string, listener: () => void): () => void {
    if (this.disposed) return () => {};
    const stop = this.watchers.add(streamId, listener);
    this.start(streamId);
    let stopped = false;
    return () => {
      stop();
      if (!stopped) this.release(streamId);
      stopped = true;
    };
  }

  private start(streamId: string): void {
    const known = this.watched.get(streamId);
    if (known !== undefined) {
      known.count++;
      return;
    }
    const notify = (): void => this.watchers.notify(streamId);
    try {
      const callback = notify;
      const subscription = this.connection.subscribe(this.subjects.noticesOf(streamId), { callback });
      this.watched.set(streamId, { subscription, count: 1 });
      this.begin();
      // What was kept before the server had heard of this, it has not told.
      this.connection.flush().then(notify, notify);
    } catch {
      // The connection is closed for good: whoever reads is told.
      queueMicrotask(notify);
    }
  }

  private release(streamId: string): void {
    const known = this.watched.get(streamId);
    if (known === undefined || --known.count > 0) return;
    this.watched.delete(streamId);
    known.subscription.unsubscribe();
    if (this.watched.size === 0) this.end();
  }

  private begin(): void {
    this.unfollow ??= followStatuses(this.connection, (type) => {
      if (type === 'reconnect') this.notifyAll();
    });
    if (this.connection.info?.cluster === undefined) return;
    this.pulse ??= setInterval(() => this.notifyAll(), this.pulseMs).unref();
  }

  private end(): void {
    clearInterval(this.pulse);
    this.pulse = undefined;
    this.unfollow?.();
    this.unfollow = undefined;
  }

  private notifyAll(): void {
    for (const streamId of [...this.watched.keys()]) this.watchers.notify(streamId);
  }

  dispose(): void {
    this.disposed = true;
    this.watchers.clear();
    this.end();
    for (const { subscription } of this.watched.values()) subscription.unsubscribe();
    this.watched.clear();
  }
}
