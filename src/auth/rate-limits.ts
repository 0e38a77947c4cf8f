import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { checkBound, kindOf } from '../chunk/index.js';
import { Holds } from './holds.js';
import { HoldsInRedis } from './holds-in-redis.js';
import type { Held, Quotas, Spent } from './quotas.js';

/** So much in so long: in whole seconds, at most 24 days. */
export interface Rate {
  readonly amount: number;
  readonly perMs: number;
}

/** Options of {@link rateLimits}: what each principal may do. */
export interface RateLimitsOptions {
  /** Connections at the same time. Default 1 000. */
  readonly connections?: number;
  /** Subscriptions at the same time, over all connections. Default 10 000. */
  readonly subscriptions?: number;
  /** Requests over HTTP, handshakes among them. Default 6 000 a minute. */
  readonly requests?: Rate;
  /** Frames of the protocol, whatever they say. Default 120 000 a minute. */
  readonly frames?: Rate;
  /** Chunks written. Default 600 000 a minute. */
  readonly chunks?: Rate;
  /** Bytes of chunks written. Default 1 GiB a minute. */
  readonly bytes?: Rate;
  /** Streams created by who is known. Default 10 000 an hour. */
  readonly streams?: Rate;
  /** Bytes of chunks read: who has had them is cut off until there is more. Default: no end of them. */
  readonly readBytes?: Rate;
  /** Credentials that are not accepted, by the address they come from: what `boundGuesses` is given it by. Default 60 a minute. */
  readonly guesses?: Rate;
  /** A connection to Redis, of `ioredis` or `redis`: then all of it holds over all servers that share it. Default: in memory. */
  readonly redis?: object;
  /** What keys begin with in Redis. Default `sluice:limits`. */
  readonly prefix?: string;
  /**
   * How long the connections and subscriptions of a server count that was killed, or cannot reach Redis, in milliseconds; a third of
   * it is how often a server says that it lives. Default 15 000.
   */
  readonly leaseMs?: number;
  /** Clock and timer of leases. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

const minute = 60_000;
const defaults: Partial<Record<Spent, Rate>> = {
  requests: { amount: 6000, perMs: minute },
  frames: { amount: 120_000, perMs: minute },
  chunks: { amount: 600_000, perMs: minute },
  bytes: { amount: 2 ** 30, perMs: minute },
  streams: { amount: 10_000, perMs: 60 * minute },
  guesses: { amount: 60, perMs: minute },
};
const kinds = ['requests', 'frames', 'chunks', 'bytes', 'streams', 'readBytes', 'guesses'] as const;

/**
 * Counts what each principal does, in memory, or in Redis for all servers together. Where Redis cannot be reached, each server
 * counts for itself until it can.
 *
 * @example
 * serve({ authenticate, quotas: rateLimits({ connections: 20, bytes: { amount: 1 << 20, perMs: 1000 }, redis }) });
 */
export function rateLimits(options: RateLimitsOptions = {}): Quotas {
  const held: Record<Held, Holds> = {
    connections: holdsOf('connections', 1000, options),
    subscriptions: holdsOf('subscriptions', 10_000, options),
  };
  const limiters = new Map<Spent, RateLimiterAbstract>();
  for (const kind of kinds) {
    const rate = options[kind] ?? defaults[kind];
    if (rate !== undefined) limiters.set(kind, limiterOf(kind, rate, options));
  }
  return {
    hold: (key, what) => held[what].hold(key),
    release: (key, what) => held[what].release(key),
    spend: async (key, what, amount) => {
      const limiter = limiters.get(what);
      if (limiter === undefined || amount <= 0) return undefined;
      try {
        // More than there ever is would never be allowed: it takes all there is.
        await limiter.consume(key, Math.min(amount, limiter.points));
        return undefined;
      } catch (refused) {
        if (refused instanceof RateLimiterRes) return Math.max(1, refused.msBeforeNext);
        throw refused;
      }
    },
  };
}

const defaultPrefix = 'sluice:limits';

function holdsOf(what: Held, preset: number, options: RateLimitsOptions): Holds {
  const { redis, prefix = defaultPrefix, scheduler = asyncScheduler } = options;
  const most = checkBound(what, options[what] ?? preset, { infinite: true });
  const leaseMs = checkBound('leaseMs', options.leaseMs ?? 15_000, { min: 100, max: 2 ** 31 - 1 });
  // In braces, so that a cluster keeps all of it in one place: the script looks at several keys.
  const place = { prefix: `{${prefix}:${what}}`, leaseMs, scheduler };
  const shared = redis === undefined ? undefined : new HoldsInRedis({ ...place, redis: checkRedis(redis) });
  return new Holds({ most, shared, renewMs: Math.floor(leaseMs / 3), scheduler });
}

function checkRedis(redis: unknown): object {
  if (typeof redis === 'object' && redis !== null) return redis;
  throw new TypeError(`redis must be a connection to Redis, got ${kindOf(redis)}`);
}

function limiterOf(kind: Spent, rate: Rate, { redis, prefix = defaultPrefix }: RateLimitsOptions): RateLimiterAbstract {
  const points = checkBound(`${kind}.amount`, rate.amount);
  const settings = {
    points,
    duration: Math.ceil(checkBound(`${kind}.perMs`, rate.perMs, { min: 1000, max: 2 ** 31 - 1000 }) / 1000),
    keyPrefix: `${prefix}:${kind}`,
  };
  const alone = new RateLimiterMemory(settings);
  if (redis === undefined) return alone;
  return new RateLimiterRedis({
    ...settings,
    storeClient: redis,
    useRedisPackage: isRedis(redis),
    insuranceLimiter: alone,
    rejectIfRedisNotReady: true,
  });
}

/** The client of `redis` is told from that of `ioredis` by how it says that it is connected. */
function isRedis(client: object): boolean {
  return 'isReady' in client;
}
