import { type SchedulerLike, Subscription } from 'rxjs';
import { writeComment } from '../format/event-stream.js';
import type { Page } from './page.js';
import type { Outflow, Sink } from './reply.js';
import type { Follower } from './groups.js';
import type { Tail } from './tail.js';

/** @internal What a {@link Live} answer needs. */
export interface LiveOptions {
  readonly from: number;
  readonly cursor: () => number;
  readonly join: (follower: Follower) => Tail;
  readonly scheduler: SchedulerLike;
  /** After this long the answer ends, and its reader comes back. */
  readonly lifetimeMs: number;
  readonly heartbeatMs: number;
}

const ping = new TextEncoder().encode(writeComment('ping'));

/**
 * @internal An answer of server-sent events: behind every event of data one that says where the reader is. What is on its way
 * to a reader who takes nothing is one page.
 */
export class Live implements Outflow, Follower {
  next: number;
  readonly split = 'characters';
  private tail: Tail | undefined;
  private sink: Sink | undefined;
  private writable = true;
  private told = false;
  private wrote = false;
  private ending: Subscription | undefined;
  private beating: Subscription | undefined;

  constructor(private readonly options: LiveOptions) {
    this.next = options.from;
  }

  get ready(): boolean {
    return this.writable && this.sink !== undefined;
  }

  start(sink: Sink): void {
    this.sink = sink;
    const { join, scheduler, lifetimeMs } = this.options;
    this.ending = scheduler.schedule(() => this.end(), lifetimeMs);
    this.beat();
    const tail = join(this);
    if (this.sink === undefined) tail.remove(this);
    else this.tail = tail;
  }

  admits({ size }: Page): boolean {
    return this.sink?.takes?.(size) ?? true;
  }

  take(page: Page): void {
    const { sink } = this;
    // Nothing new is no news, but for who has just come, and at the end.
    if (sink === undefined || (page.empty && this.told && !page.ended)) return;
    this.told = this.wrote = true;
    const events = page.asEvents(this.options.cursor());
    this.writable = sink.share?.(events) ?? sink.write(events.bytes);
    if (page.ended) this.end();
  }

  failed(): void {
    // Who comes back is told why.
    this.end();
  }

  drained(): void {
    this.writable = true;
    this.tail?.offer(this);
  }

  closed(): void {
    this.sink = undefined;
    this.ending?.unsubscribe();
    this.beating?.unsubscribe();
    this.tail?.remove(this);
  }

  private end(): void {
    const { sink } = this;
    this.closed();
    sink?.end();
  }

  private beat(): void {
    const { scheduler, heartbeatMs } = this.options;
    this.beating = scheduler.schedule(() => {
      if (!this.wrote && this.writable) this.writable = this.sink?.write(ping) ?? false;
      this.wrote = false;
      this.beat();
    }, heartbeatMs);
  }
}

/** @internal Waits for what comes behind a place, and answers with it; with `idle` when nothing has come in time. */
export function awaitPage(
  from: number,
  join: (follower: Follower) => Tail,
  { scheduler, timeoutMs, signal }: { scheduler: SchedulerLike; timeoutMs: number; signal: AbortSignal },
): Promise<Page | undefined> {
  return new Promise((resolve, reject) => {
    // What is added to it once it is over is undone at once.
    const waiting = new Subscription();
    const finish = (settle: () => void): void => {
      if (waiting.closed) return;
      waiting.unsubscribe();
      settle();
    };
    const giveUp = (): void => finish(() => resolve(undefined));
    const follower: Follower = {
      next: from,
      split: 'anywhere',
      get ready() {
        return !waiting.closed;
      },
      take: (page) => {
        if (!page.empty || page.ended) finish(() => resolve(page));
      },
      failed: (error) => finish(() => reject(error as Error)),
    };
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    waiting.add(() => signal.removeEventListener('abort', giveUp));
    waiting.add(scheduler.schedule(giveUp, timeoutMs));
    const tail = join(follower);
    waiting.add(() => tail.remove(follower));
  });
}
