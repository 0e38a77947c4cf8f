import { createHash, randomUUID } from 'node:crypto';
import { type SchedulerLike, Subscription } from 'rxjs';
import { kindOf } from '../chunk/index.js';
import type { SharedHolds } from './holds.js';

/** @internal Options of {@link HoldsInRedis}. */
export interface HoldsInRedisOptions {
  /** A connection of `ioredis` or `redis`. */
  readonly redis: object;
  /** What keys begin with. */
  readonly prefix: string;
  /** How long a server is counted that says nothing more, in milliseconds. */
  readonly leaseMs: number;
  readonly scheduler: SchedulerLike;
}

/** How long Redis may take to answer, in milliseconds: then it is out of reach. */
const patienceMs = 1000;
/** All that is held is said again every so many renewals, and kept for three times as long. */
const roundsOfAll = 100;
const roundsKept = 3 * roundsOfAll;

/**
 * For somebody a hash: servers, and how many each holds. Those count that live: whose key is there.
 *
 * KEYS: the hash, and what the keys of servers begin with. ARGV: name of this server, what it holds, how many there may be, how long
 * the hash is kept. Answers 1, or 0 where that would be too many, and then nothing is changed.
 */
const script = `
local others = 0
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if all[i] ~= ARGV[1] then
    if redis.call('EXISTS', KEYS[2] .. all[i]) == 1 then
      others = others + tonumber(all[i + 1])
    else
      redis.call('HDEL', KEYS[1], all[i])
    end
  end
end
local mine = tonumber(ARGV[2])
if others + mine > tonumber(ARGV[3]) then return 0 end
if mine == 0 then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return 1
`;
const digest = createHash('sha1').update(script).digest('hex');

/**
 * @internal What servers hold together, in Redis. A server that is killed is counted until its lease is over; one that could not
 * say something goes on under another name, and so what is not true any more is forgotten with the old one.
 */
export class HoldsInRedis implements SharedHolds {
  private readonly send: Send;
  private readonly servers: string;
  private name: string = randomUUID();
  private former: string | undefined;
  private rounds = 0;

  constructor(private readonly options: HoldsInRedisOptions) {
    this.send = senderOf(options.redis);
    this.servers = `${options.prefix}servers:`;
  }

  async say(key: string, count: number, most: number): Promise<boolean | undefined> {
    const { prefix, leaseMs } = this.options;
    const bound = Math.min(most, Number.MAX_SAFE_INTEGER);
    const words = [this.name, count, bound, Math.ceil((leaseMs / 3) * roundsKept)].map(String);
    const answer = await this.ask(async () => await this.run(['2', `${prefix}:${key}`, this.servers, ...words]));
    if (answer === undefined) this.rename();
    return answer === undefined ? undefined : Number(answer) === 1;
  }

  /** A server that nobody has asked yet does not know the script. */
  private async run(words: readonly string[]): Promise<unknown> {
    try {
      return await this.send('EVALSHA', digest, ...words);
    } catch (error) {
      if (!String(error).includes('NOSCRIPT')) throw error;
      return await this.send('EVAL', script, ...words);
    }
  }

  private rename(): void {
    if (this.former !== undefined) return;
    this.former = this.name;
    this.name = randomUUID();
  }

  async renew(): Promise<boolean> {
    const { leaseMs } = this.options;
    const mine = this.servers + this.name;
    const { former } = this;
    const lease = ['PX', `${leaseMs}`];
    const isNew = this.ask(async () => (await this.send('SET', mine, '1', ...lease, 'NX')) !== null);
    void this.ask(async () => await this.send('SET', mine, '1', ...lease));
    if (former !== undefined) {
      const gone = await this.ask(async () => await this.send('DEL', this.servers + former));
      if (gone !== undefined && this.former === former) this.former = undefined;
    }
    this.rounds++;
    return (await isNew) === true || this.rounds % roundsOfAll === 0;
  }

  /** `undefined` where Redis does not answer, or not in time. */
  private async ask<T>(work: () => Promise<T>): Promise<T | undefined> {
    const patience = new Subscription();
    const late = new Promise<undefined>((resolve) =>
      patience.add(this.options.scheduler.schedule(() => resolve(undefined), patienceMs)),
    );
    try {
      return await Promise.race([work(), late]);
    } catch {
      return undefined;
    } finally {
      patience.unsubscribe();
    }
  }
}

/** Sends a command, at once or never. */
type Send = (...command: readonly string[]) => Promise<unknown>;

interface Ioredis {
  readonly status: string;
  call(...command: readonly string[]): Promise<unknown>;
}

interface NodeRedis {
  readonly isReady: boolean;
  sendCommand(command: readonly string[]): Promise<unknown>;
}

function senderOf(client: object): Send {
  if (typeof (client as Partial<Ioredis>).call === 'function') {
    const ioredis = client as Ioredis;
    return async (...command) => (ioredis.status === 'ready' ? await ioredis.call(...command) : notReady());
  }
  if (typeof (client as Partial<NodeRedis>).sendCommand === 'function') {
    const redis = client as NodeRedis;
    return async (...command) => (redis.isReady ? await redis.sendCommand(command) : notReady());
  }
  throw new TypeError(`redis must be a connection to Redis, got ${kindOf(client)}`);
}

/** A command that waited for a connection would be said too late. */
function notReady(): never {
  throw new Error('there is no connection');
}
