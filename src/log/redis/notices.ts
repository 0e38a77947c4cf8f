import { checkBound } from '../../chunk/index.js';
import { Watchers } from '../watchers.js';
import type { RedisCaller } from './caller.js';
import type { RedisDoor } from './client.js';
import type { RedisKeys } from './keys.js';
import { RedisLink } from './link.js';

/** How long the connection stays open when nobody watches. */
const lingerMs = 1000;

/**
 * @internal Who watches which stream, over one connection for all of them: opened for the first watcher, closed a while
 * after the last. Redis publishes every change to the stream's channel, and forgets it; so whenever the connection was lost
 * and is back, everybody is called.
 *
 * A connection that breaks without a word would leave watchers waiting for ever. So the log publishes to itself from time to
 * time, and takes a new connection when it does not hear that.
 */
export class StreamNotices {
  private readonly watchers = new Watchers();
  private readonly link: RedisLink;
  private readonly pulse: string;
  private readonly pulseMs: number;
  /** How many watch a stream. */
  private readonly counts = new Map<string, number>();
  private readonly streams = new Map<string, string>();
  private joining = new Set<string>();
  private leaving = new Set<string>();
  private working = false;
  private heard = true;
  private disposed = false;
  private beat: NodeJS.Timeout | undefined;
  private linger: NodeJS.Timeout | undefined;

  constructor(
    private readonly door: RedisDoor,
    private readonly caller: RedisCaller,
    private readonly keys: RedisKeys,
    options: { readonly id: string; readonly pulseMs: number },
  ) {
    this.pulseMs = checkBound('pulseMs', options.pulseMs);
    this.pulse = keys.pulse(options.id);
    this.link = new RedisLink(door, {
      ready: () => this.joinAll(),
      message: (channel) => this.hear(channel),
    });
  }

  add(streamId: string, listener: () => void): () => void {
    const stop = this.watchers.add(streamId, listener);
    this.count(streamId, 1);
    let stopped = false;
    return () => {
      stop();
      if (!stopped) this.count(streamId, -1);
      stopped = true;
    };
  }

  private count(streamId: string, change: number): void {
    if (this.disposed) return;
    const before = this.counts.get(streamId) ?? 0;
    const { channel } = this.keys.of(streamId);
    if (before + change > 0) this.counts.set(streamId, before + change);
    else this.counts.delete(streamId);
    if (before === 0) {
      this.streams.set(channel, streamId);
      this.joining.add(channel);
      this.leaving.delete(channel);
      this.start();
    } else if (before + change === 0) {
      this.streams.delete(channel);
      this.leaving.add(channel);
      this.joining.delete(channel);
      if (this.streams.size === 0) this.linger ??= setTimeout(() => this.stop(), lingerMs).unref();
    }
    // All that come and go in one turn go to Redis together.
    if (!this.working) queueMicrotask(() => void this.work());
  }

  private start(): void {
    clearTimeout(this.linger);
    this.linger = undefined;
    this.link.open();
    this.beat ??= setInterval(() => this.check(), this.pulseMs).unref();
  }

  private stop(): void {
    clearTimeout(this.linger);
    this.linger = undefined;
    clearInterval(this.beat);
    this.beat = undefined;
    this.link.close();
    this.joining.clear();
    this.leaving.clear();
  }

  private joinAll(): void {
    this.heard = true;
    this.leaving.clear();
    this.joining = new Set([...this.streams.keys(), this.pulse]);
    void this.work();
  }

  /** Tells Redis what has changed, one command after the other. */
  private async work(): Promise<void> {
    if (this.working) return;
    this.working = true;
    for (let connection = this.link.ready; connection !== undefined; connection = this.link.ready) {
      const [join, leave] = [[...this.joining], [...this.leaving]];
      if (join.length + leave.length === 0) break;
      this.joining.clear();
      this.leaving.clear();
      try {
        if (leave.length > 0) await connection.unsubscribe(leave);
        if (join.length > 0) await connection.subscribe(join);
        // What changed before they could listen, they would not hear of.
        for (const channel of join) this.hear(channel);
      } catch {
        // The connection broke, and will be another: then all join anew. Redis may also forbid it: the pulse tells.
        if (this.link.ready === connection) break;
      }
    }
    this.working = false;
  }

  private hear(channel: string): void {
    if (channel === this.pulse) this.heard = true;
    const streamId = this.streams.get(channel);
    if (streamId !== undefined) this.watchers.notify(streamId);
  }

  private check(): void {
    if (this.link.ready === undefined) return;
    if (!this.heard) return this.link.renew();
    this.heard = false;
    // While the server cannot be reached, silence says nothing about this connection.
    this.caller.send(this.pulse, ['PUBLISH', this.pulse, '']).catch(() => (this.heard = true));
    // Nodes of a cluster may lose what they hand on to each other.
    if (this.door.cluster) for (const channel of this.streams.keys()) this.hear(channel);
  }

  dispose(): void {
    this.disposed = true;
    this.watchers.clear();
    this.streams.clear();
    this.counts.clear();
    this.stop();
    this.link.dispose();
  }
}
