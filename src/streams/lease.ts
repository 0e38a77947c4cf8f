import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import * as z from 'zod';
import { checkBound, checkName, createChunk, nameSchema } from '../chunk/index.js';
import { attempt, type MaybePromise, type Producer, whenReady } from '../log/log.js';
import type { PublishTarget } from './publish-to.js';

/** The stream that leases are written to, beside those they are about: so they are as durable, and as widely known. */
export const leases = 'sluice/leases';

/** @internal Longest lease: timers of the platform take less than 2^31 ms, and fire at once beyond. */
export const maxLeaseMs = 1_000_000_000;

/** Options of {@link holdLease}. */
export interface LeaseOptions {
  /** Who produces. */
  readonly producer: Pick<Producer, 'id' | 'epoch'>;
  /** How long the producer counts as alive without a word. It says one three times as often. Default 10 000, at most 10^9. */
  readonly leaseMs?: number;
  /**
   * How much longer the stream is left alone when the lease is over, so that an heir may take it over: reapers tell of it at once
   * (`lapsed`), and end it then. Default 0, at most 10^9.
   */
  readonly heirMs?: number;
  /**
   * How many chunks of this epoch are kept, as far as the producer knows. It tells this life of the stream from another of
   * its name: one that has not seen as many of the producer is not ended in its place. Default: not known.
   */
  readonly kept?: () => number;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** A producer's word that it lives. */
export interface Lease {
  /** The producer is done: nobody waits for it any more. */
  release(): void;
  /**
   * The producer leaves its stream to an heir (`heirMs`), which may take it over at once. Resolves when that is kept, or cannot be: then
   * it may when the lease is over.
   */
  handOver(): Promise<void>;
  /** The producer cannot write any more: it says nothing, and a reaper ends the stream when the lease is over. */
  lapse(): void;
}

/** @internal What is written of a lease. */
export const leaseEntry = z.strictObject({
  stream: nameSchema,
  producer: z.string().min(1).max(256),
  epoch: z.int().min(0),
  leaseMs: z.int().min(1).max(maxLeaseMs),
  heirMs: z.int().min(1).max(maxLeaseMs).optional(),
  /** How many chunks of the epoch were kept. */
  kept: z.int().min(0).optional(),
  /** When the stream it is about was created: a later one of that name is another. */
  createdAt: z.number().min(0).optional(),
  state: z.enum(['held', 'released', 'left']),
});

/** @internal */
export type LeaseEntry = z.infer<typeof leaseEntry>;

/**
 * Says that a producer of a stream lives, again and again, until it is released. When the word fails to come, a reaper on the
 * same streams ends the stream as `failed` with reason `producer-lost`, unless a producer of the same id and a higher epoch
 * has taken it over: `heirMs` leaves time for that.
 *
 * @example
 * const lease = holdLease(streams, 'answers/1', { producer: { id: 'worker', epoch: 0 } });
 */
export function holdLease(target: PublishTarget, streamId: string, options: LeaseOptions): Lease {
  const leaseMs = checkBound('leaseMs', options.leaseMs ?? 10_000, { max: maxLeaseMs });
  const heirMs = checkBound('heirMs', options.heirMs ?? 0, { min: 0, max: maxLeaseMs });
  const { producer, kept, scheduler = asyncScheduler } = options;
  const heirs = heirMs === 0 ? {} : { heirMs };
  const entry = {
    stream: checkName(streamId),
    producer: producer.id,
    epoch: producer.epoch,
    leaseMs,
    ...heirs,
  } as const;
  let timer: Subscription | undefined;
  let life: { readonly createdAt?: number } = {};
  const say = async (state: LeaseEntry['state']): Promise<void> => {
    const data = { ...entry, ...life, ...(kept === undefined ? {} : { kept: kept() }), state };
    const chunk = createChunk({ streamId: leases, seq: 0, data, timestamp: scheduler.now() });
    await tried(target.publish(leases, [chunk]));
  };
  /** Only somewhere the stream may be looked up; and it may not be there yet. */
  const look = (): MaybePromise<void> =>
    whenReady(target.info?.(streamId), (info) => {
      if (info !== undefined) life = { createdAt: info.createdAt };
    });
  const renew = (): void => {
    if (life.createdAt === undefined) attempt(look, () => {});
    void say('held');
    timer = scheduler.schedule(renew, leaseMs / 3);
  };
  renew();
  const lapse = (): boolean => {
    if (timer === undefined) return false;
    timer.unsubscribe();
    timer = undefined;
    return true;
  };
  return {
    release: () => {
      if (lapse()) void say('released');
    },
    handOver: async () => {
      if (lapse()) await say('left');
    },
    lapse: () => void lapse(),
  };
}

/** A word that cannot be said now is said again before the lease is over. */
async function tried(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch {
    // As above.
  }
}
