import type { SchedulerLike } from 'rxjs';
import { checkBound, kindOf, StreamError, toStreamError } from '../chunk/index.js';
import { isNetworkTrouble } from './network-trouble.js';
import { Pace } from './pace.js';
import { retried } from './retried.js';
import type { RetryOptions } from './step.js';

/** How an item stands. */
export type ProgressStatus = 'active' | 'completed' | 'failed' | 'cancelled';

/** Options of {@link ProgressItem.item}. */
export interface ProgressItemOptions {
  /** How much there is to do, in units of its own. Default: nobody knows. */
  readonly total?: number;
  /** How much it counts among its neighbours, above 0. Default 1. */
  readonly weight?: number;
  /** The client it belongs to. Default: that of the item it is part of. */
  readonly owner?: string;
  /** What becomes of it when that client disconnects. Default: as of the item it is part of, and `cancel`. */
  readonly onDisconnect?: 'cancel' | 'fail' | 'keep';
}

/** Something that is being done, and its parts. */
export interface ProgressItem extends AsyncDisposable {
  readonly name: string;
  readonly status: ProgressStatus;
  /** Aborts when it is cancelled or has failed. */
  readonly signal: AbortSignal;
  /** Begins a part of it. From then on it is as far as its parts are, by their weights. */
  item(name: string, options?: ProgressItemOptions): ProgressItem;
  /** It has got further. Behind its end this does nothing. */
  advance(by?: number, message?: string): void;
  /** It is so far; `total` may be known only now. */
  set(current: number, total?: number, message?: string): void;
  /** All is done, its parts as well. */
  complete(message?: string): void;
  /** It has failed; parts that are not done are cancelled. */
  fail(error: unknown): void;
  /** It is not wanted any more; parts that are not done are cancelled. */
  cancel(reason?: string): void;
  /**
   * Does it: completes with the work, fails with its error. On network trouble the work is done again after a wait, in all as
   * often as `attempts` says, 5 by default.
   *
   * @throws what the work threw at last, or why it was cancelled
   */
  run<T>(
    work: (item: ProgressItem, attempt: number) => T | PromiseLike<T>,
    options?: Partial<RetryOptions>,
  ): Promise<T>;
  /** Cancels what is not done, and waits for what `run` has begun. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** How far an item is. */
export interface ProgressItemSnapshot {
  readonly name: string;
  readonly status: ProgressStatus;
  readonly current: number;
  readonly total: number | undefined;
  readonly weight: number;
  readonly owner: string | undefined;
  /** From 0 to 1; `undefined` where nobody knows. */
  readonly fraction: number | undefined;
  /** The same from 0 to 100. */
  readonly percent: number | undefined;
  /** Units a second, lately. */
  readonly perSecond: number;
  /** How long it will take at this pace; `undefined` where nobody knows. */
  readonly leftMs: number | undefined;
  /** Since it began, until now or its end. */
  readonly elapsedMs: number;
  /** How often it was tried again. */
  readonly retries: number;
  readonly message: string | undefined;
  /** Why it failed or was cancelled. */
  readonly reason: string | undefined;
  readonly items: readonly ProgressItemSnapshot[];
}

/** @internal What items share. */
export interface ProgressHost {
  readonly scheduler: SchedulerLike;
  readonly random: () => number;
  readonly smoothing: number;
  /** One more item. @throws when there are too many */
  admit(): void;
  /** Something has changed: `soon` for more than a number. */
  changed(soon: boolean): void;
}

/** @internal An item, in its place. */
export class Item implements ProgressItem {
  private readonly controller = new AbortController();
  readonly signal = this.controller.signal;
  private readonly parts: Item[] = [];
  private readonly works = new Set<Promise<unknown>>();
  private readonly units: Pace;
  private readonly share: Pace;
  private readonly begunAt: number;
  private readonly weight: number;
  readonly owner: string | undefined;
  readonly onDisconnect: 'cancel' | 'fail' | 'keep';
  private endedAt: number | undefined;
  private current = 0;
  private total: number | undefined;
  private retries = 0;
  private message: string | undefined;
  private reason: string | undefined;
  status: ProgressStatus = 'active';

  constructor(
    readonly name: string,
    options: ProgressItemOptions,
    parent: Pick<Item, 'owner' | 'onDisconnect'> | undefined,
    private readonly host: ProgressHost,
  ) {
    if (typeof name !== 'string') throw new TypeError(`the name of an item must be a string, got ${kindOf(name)}`);
    const { total, weight = 1, owner = parent?.owner } = options;
    this.onDisconnect = options.onDisconnect ?? parent?.onDisconnect ?? 'cancel';
    if (!['cancel', 'fail', 'keep'].includes(this.onDisconnect)) {
      throw new TypeError('onDisconnect must be "cancel", "fail" or "keep"');
    }
    this.total = total === undefined ? undefined : amount('total', total);
    this.weight = checkBound('weight', weight, { min: Number.MIN_VALUE, whole: false });
    this.owner = owner;
    this.begunAt = host.scheduler.now();
    this.units = new Pace(this.begunAt, host.smoothing);
    this.share = new Pace(this.begunAt, host.smoothing);
    host.admit();
    host.changed(true);
  }

  item(name: string, options: ProgressItemOptions = {}): ProgressItem {
    if (this.status !== 'active')
      throw new StreamError('run-cancelled', `"${this.name}" is over: it has no more parts`);
    const part = new Item(name, options, this, this.host);
    this.parts.push(part);
    return part;
  }

  advance(by = 1, message?: string): void {
    this.set(this.current + amount('by', by), undefined, message);
  }

  set(current: number, total?: number, message?: string): void {
    amount('current', current);
    if (total !== undefined) amount('total', total);
    if (this.status !== 'active') return;
    this.current = current;
    this.total = total ?? this.total;
    this.message = message ?? this.message;
    this.host.changed(false);
  }

  complete(message?: string): void {
    if (this.status !== 'active') return;
    for (const part of this.parts) part.complete();
    this.current = this.total ?? this.current;
    this.message = message ?? this.message;
    this.end('completed', undefined);
  }

  fail(error: unknown): void {
    const cause = toStreamError(error, 'internal');
    this.stop('failed', cause.message, cause);
  }

  cancel(reason?: string): void {
    this.stop('cancelled', reason, new StreamError('run-cancelled', reason ?? `"${this.name}" was cancelled`));
  }

  private stop(status: 'failed' | 'cancelled', reason: string | undefined, error: StreamError): void {
    if (this.status !== 'active') return;
    for (const part of this.parts) part.cancel(reason);
    this.end(status, reason);
    this.controller.abort(error);
  }

  private end(status: ProgressStatus, reason: string | undefined): void {
    this.status = status;
    this.reason = reason;
    this.endedAt = this.host.scheduler.now();
    this.host.changed(true);
  }

  async run<T>(
    work: (item: ProgressItem, attempt: number) => T | PromiseLike<T>,
    options: Partial<RetryOptions> = {},
  ): Promise<T> {
    const attempts = checkBound('attempts', options.attempts ?? 5);
    const delayMs = checkBound('delayMs', options.delayMs ?? 500, { min: 0 });
    const maxDelayMs = checkBound('maxDelayMs', options.maxDelayMs ?? 30_000, { min: 0 });
    const { scheduler, random } = this.host;
    const { signal } = this;
    const waiting = (error: unknown, wait: number): void => {
      this.retries++;
      this.message = `again in ${Math.ceil(wait)} ms: ${toStreamError(error, 'internal').message}`;
      this.host.changed(true);
    };
    const { retryOn = isNetworkTrouble } = options;
    const rules = { attempts, delayMs, maxDelayMs, retryOn, signal, scheduler, random, waiting };
    const working = retried((attempt) => work(this, attempt), rules);
    this.works.add(working);
    try {
      const result = await working;
      this.complete();
      return result;
    } catch (error) {
      this.fail(error);
      throw error;
    } finally {
      this.works.delete(working);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel('it was left before it was done');
    await this.settled();
  }

  /** Resolves when nothing is at work any more. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.works, ...this.parts.map(async (part) => await part.settled())]);
  }

  /** A client is gone: what belongs to it ends as it should. */
  disconnected(owner: string, reason: string): void {
    if (this.owner === owner && this.onDisconnect !== 'keep') {
      if (this.onDisconnect === 'cancel') this.cancel(reason);
      else this.fail(new StreamError('connection-lost', reason));
      return;
    }
    for (const part of this.parts) part.disconnected(owner, reason);
  }

  /** How many items there are, it and its parts. */
  get size(): number {
    return this.parts.reduce((sum, part) => sum + part.size, 1);
  }

  private get fraction(): number | undefined {
    if (this.status === 'completed') return 1;
    if (this.parts.length > 0) return fractionOf(this.parts);
    if (this.total === undefined) return undefined;
    return this.total === 0 ? 1 : Math.min(1, this.current / this.total);
  }

  /** What it is worth among its neighbours, and how much of that is done. What was cancelled is not going to be done. */
  get part(): { readonly weight: number; readonly done: number } {
    const { weight } = this;
    return { weight: this.status === 'cancelled' ? 0 : weight, done: (this.fraction ?? 0) * weight };
  }

  /** Looks how fast it goes on. */
  measure(now: number): void {
    for (const part of this.parts) part.measure(now);
    if (this.status !== 'active') return;
    this.units.measure(now, this.current);
    this.share.measure(now, this.fraction ?? 0);
  }

  snapshot(now: number): ProgressItemSnapshot {
    const { name, status, current, total, weight, owner, retries, message, reason, fraction } = this;
    const isActive = status === 'active';
    const pace = this.share.perSecond;
    return {
      ...{ name, status, current, total, weight, owner, fraction, retries, message, reason },
      percent: fraction === undefined ? undefined : fraction * 100,
      perSecond: isActive ? this.units.perSecond : this.units.overall(this.endedAt!, current),
      leftMs: isActive && fraction !== undefined && pace > 0 ? ((1 - fraction) * 1000) / pace : undefined,
      elapsedMs: (this.endedAt ?? now) - this.begunAt,
      items: this.parts.map((part) => part.snapshot(now)),
    };
  }
}

/** @internal How far several items are together, by their weights. */
export function fractionOf(items: readonly Pick<Item, 'part'>[]): number {
  let weights = 0;
  let done = 0;
  for (const { part } of items) {
    weights += part.weight;
    if (part.weight > 0) done += part.done;
  }
  return weights === 0 ? 0 : done / weights;
}

function amount(name: string, value: number): number {
  return checkBound(name, value, { min: 0, whole: false });
}
