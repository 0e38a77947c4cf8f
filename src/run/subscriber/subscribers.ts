import { asyncScheduler, type Observable, type Observer, type SchedulerLike, Subject } from 'rxjs';
import { checkBound, type ErrorCode } from '../../chunk/index.js';
import type { RunEvent } from '../event.js';
import { Attached } from './attached.js';
import type { Subscriber } from './subscriber.js';

/** What happens to subscribers. */
export type SubscriberEvent =
  | { readonly type: 'subscriber-attached'; readonly name: string }
  /** It left, or there was nothing more for it: it has got `taken` events. */
  | { readonly type: 'subscriber-detached'; readonly name: string; readonly taken: number }
  /** It was cut off, because it failed or was too slow: `lost` events were on their way to it. */
  | {
      readonly type: 'subscriber-failed';
      readonly name: string;
      readonly code: ErrorCode;
      readonly message: string;
      readonly taken: number;
      readonly lost: number;
    };

/** Options of {@link Subscribers.attach}. */
export interface AttachOptions<T = RunEvent> {
  /** What it is called in events. Default: `subscriber` and a number. */
  readonly name?: string;
  /** Which events it wants. Default: all. */
  readonly filter?: (event: T) => boolean;
  /** Most events that wait for it; one more and it is cut off with `overflow`. Default 1024. */
  readonly capacity?: number;
  /** Most events it is given at a time. Default 256. */
  readonly maxBatch?: number;
  /** Longest it may take over what it is given, or over closing; then it is cut off with `idle-timeout`. Default 30 000. */
  readonly patienceMs?: number;
}

/** A subscriber that is attached. */
export interface Attachment {
  readonly name: string;
  /** Lets it have what waits for it, and nothing more. Resolves when it is closed; does not fail. */
  detach(): Promise<void>;
}

/** Options of {@link createSubscribers}. */
export interface SubscribersOptions {
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** All who want to hear of something, each by itself. It is an observer, and a sink for `runPipeline`. */
export interface Subscribers<T = RunEvent> extends Observer<T> {
  /** What happens to subscribers. Hot; never fails. */
  readonly events: Observable<SubscriberEvent>;
  /** How many are attached. */
  readonly size: number;
  /** Adds one, at any time: it gets what comes from now on. */
  attach(subscriber: Subscriber<T>, options?: AttachOptions<T>): Attachment;
  /** Detaches all. */
  close(): Promise<void>;
}

/**
 * Makes a distributor of events: subscribers come and go while it goes on, and one that fails or cannot keep up is cut off alone,
 * with an event that says so. Nobody waits for anybody. Completes its subscribers with the source, also when that fails.
 *
 * Bounded: for each subscriber `capacity` events.
 *
 * @example
 * const subscribers = createSubscribers();
 * subscribers.attach(fileSubscriber('runs.ndjson'), { name: 'file' });
 * subscribers.events.subscribe((event) => event.type === 'subscriber-failed' && warn(event));
 * runs.events(executionId).subscribe(subscribers);
 */
export function createSubscribers<T = RunEvent>(options: SubscribersOptions = {}): Subscribers<T> {
  return new Distributor<T>(options.scheduler ?? asyncScheduler);
}

class Distributor<T> implements Subscribers<T> {
  private readonly attached = new Set<Attached<T>>();
  private readonly subject = new Subject<SubscriberEvent>();
  readonly events = this.subject.asObservable();
  private count = 0;

  constructor(private readonly scheduler: SchedulerLike) {}

  get size(): number {
    return this.attached.size;
  }

  attach(subscriber: Subscriber<T>, options: AttachOptions<T> = {}): Attachment {
    const name = options.name ?? `subscriber ${++this.count}`;
    const attached = new Attached<T>(subscriber, {
      filter: options.filter,
      capacity: checkBound('capacity', options.capacity ?? 1024),
      maxBatch: checkBound('maxBatch', options.maxBatch ?? 256),
      patienceMs: checkBound('patienceMs', options.patienceMs ?? 30_000, { max: 2 ** 31 - 1, infinite: true }),
      scheduler: this.scheduler,
      left: (taken) => {
        this.attached.delete(attached);
        this.subject.next({ type: 'subscriber-detached', name, taken });
      },
      failed: ({ code, message }, taken, lost) => {
        this.attached.delete(attached);
        this.subject.next({ type: 'subscriber-failed', name, code, message, taken, lost });
      },
    });
    this.attached.add(attached);
    this.subject.next({ type: 'subscriber-attached', name });
    return { name, detach: () => attached.detach() };
  }

  // Arrows: an observer is taken apart.
  readonly next = (event: T): void => {
    for (const one of this.attached) one.push(event);
  };

  readonly error = (): void => void this.close();

  readonly complete = (): void => void this.close();

  async close(): Promise<void> {
    await Promise.all(Array.from(this.attached, (one) => one.detach()));
  }
}
