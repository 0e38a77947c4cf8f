import type { SchedulerLike, Subscription } from 'rxjs';
import { callbackError } from '../../../operators/operate.js';
import { Ring } from '../../../operators/ring.js';
import { StreamError } from '../../chunk/index.js';
import type { Subscriber } from './subscriber.js';

/** What {@link Attached} needs. */
interface AttachedRules<T> {
  readonly filter: ((event: T) => boolean) | undefined;
  readonly capacity: number;
  readonly maxBatch: number;
  readonly patienceMs: number;
  readonly scheduler: SchedulerLike;
  /** Called once, when it is closed in order. */
  left(taken: number): void;
  /** Called once, when it was cut off. */
  failed(error: StreamError, taken: number, lost: number): void;
}

/**
 * One subscriber: what waits for it, and what becomes of it.
 *
 * @internal
 */
export class Attached<T> {
  private readonly waiting: Ring<T>;
  private taken = 0;
  /** Given to it and not done with. */
  private given = 0;
  private isBusy = false;
  /** Nothing more is for it. */
  private isLeaving = false;
  private isClosing = false;
  private isOver = false;
  private timer: Subscription | undefined;
  private gone!: () => void;
  private readonly whenGone = new Promise<void>((resolve) => (this.gone = resolve));

  constructor(
    private readonly subscriber: Subscriber<T>,
    private readonly rules: AttachedRules<T>,
  ) {
    this.waiting = new Ring(rules.capacity);
  }

  push(event: T): void {
    if (this.isLeaving) return;
    const { filter, capacity } = this.rules;
    try {
      if (filter?.(event) === false) return;
    } catch (error) {
      return this.cut(callbackError('subscriber', error));
    }
    if (this.waiting.full) {
      return this.cut(new StreamError('overflow', `it is too slow: ${capacity} events wait for it`));
    }
    this.waiting.push(event);
    this.pump();
  }

  detach(): Promise<void> {
    if (!this.isLeaving) {
      this.isLeaving = true;
      this.pump();
    }
    return this.whenGone;
  }

  /** Gives it what waits, as long as it takes it at once. */
  private pump(): void {
    while (!this.isBusy && !this.isOver) {
      if (this.waiting.length === 0) {
        if (this.isLeaving) this.close();
        return;
      }
      const batch: T[] = [];
      while (batch.length < this.rules.maxBatch && this.waiting.length > 0) batch.push(this.waiting.shift()!);
      this.given = batch.length;
      this.work(
        () => this.subscriber.take(batch),
        () => {
          this.taken += batch.length;
          this.given = 0;
        },
      );
    }
  }

  private close(): void {
    this.isClosing = true;
    this.work(
      () => this.subscriber.close?.(),
      () => this.end(() => this.rules.left(this.taken)),
    );
  }

  /** Runs something of the subscriber's, with patience. */
  private work(run: () => void | Promise<void>, done: () => void): void {
    this.isBusy = true;
    const settle = (then: () => void): void => {
      if (this.isOver) return;
      this.timer?.unsubscribe();
      this.isBusy = false;
      then();
    };
    try {
      const pending = run();
      if (!(pending instanceof Promise)) return settle(done);
      this.wait();
      pending.then(
        () =>
          settle(() => {
            done();
            this.pump();
          }),
        (error: unknown) => settle(() => this.cut(callbackError('subscriber', error))),
      );
    } catch (error) {
      settle(() => this.cut(callbackError('subscriber', error)));
    }
  }

  private wait(): void {
    const { patienceMs, scheduler } = this.rules;
    if (patienceMs === Infinity) return;
    this.timer = scheduler.schedule(() => {
      this.cut(new StreamError('idle-timeout', `it has taken more than ${patienceMs} ms`));
    }, patienceMs);
  }

  private cut(error: StreamError): void {
    const lost = this.waiting.length + this.given;
    this.waiting.clear();
    this.isLeaving = true;
    this.end(() => this.rules.failed(error, this.taken, lost));
    if (!this.isClosing) void this.letGo();
  }

  /** It may have something to let go of. */
  private async letGo(): Promise<void> {
    try {
      await this.subscriber.close?.();
    } catch {
      // It is cut off: how that goes is its own affair.
    }
  }

  private end(tell: () => void): void {
    this.isOver = true;
    this.timer?.unsubscribe();
    tell();
    this.gone();
  }
}
