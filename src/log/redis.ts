import { randomUUID } from 'node:crypto';
import { checkBound, checkName, type EncodedChunk, kindOf, StreamError, type StreamInfo } from '../chunk/index.js';
import { checkAppend } from './admission.js';
import type { Appended, AppendOptions, Log, LogSlice, ReadLimit, StreamConfig } from './log.js';
import { newLife } from './new-life.js';
import { type AppendsListener, endOf, noStream, StreamAppends } from './redis/appends.js';
import { RedisCaller } from './redis/caller.js';
import type { IoredisClient, NodeRedisClient, RedisClient, RedisDoor, RedisReply } from './redis/client.js';
import { ioredisDoor } from './redis/ioredis.js';
import { RedisKeys } from './redis/keys.js';
import { StreamNames } from './redis/names.js';
import { nodeRedisDoor } from './redis/node-redis.js';
import { StreamNotices } from './redis/notices.js';
import type { RedisBounds } from './redis/plain-appends.js';
import { configText, infoOf, recordFields } from './redis/record.js';
import { createScript, deleteScript, readScript, type RedisScript, trimScript } from './redis/scripts.js';
import { checkConfig } from './stream-config.js';

export type { IoredisClient, NodeRedisClient, RedisClient } from './redis/client.js';

/** Options of {@link createRedisLog}. */
export interface RedisLogOptions {
  /** What all keys and channels begin with; no braces. Logs of one prefix are one log. Default `sluice`. */
  readonly prefix?: string;
  /** Chunks a stream keeps; the oldest go. Default 1 000 000. */
  readonly maxChunks?: number;
  /** Encoded bytes of one chunk; a larger one is `chunk-too-large`. Default 64 MiB. */
  readonly maxChunkBytes?: number;
  /** Producers that a stream knows; an append by one more is `limit-reached`. Default 1 024. */
  readonly maxProducers?: number;
  /** Encoded bytes of appends not answered yet, and 100 for each; one more is an `overflow`. Default 64 MiB. */
  readonly maxPendingBytes?: number;
  /** Ended streams are removed after this long, unless their configuration says otherwise. Default 3 600 000: an hour. */
  readonly ttlMs?: number;
  /** How long a call is tried while Redis cannot answer, before it is `log-unavailable`. Default 10 000. */
  readonly patienceMs?: number;
  /** How often the connection that watches streams is tested. Default 5 000. */
  readonly pulseMs?: number;
}

const mebibyte = 1 << 20;
const fromZero = { min: 0 };
/** Streams whose queue is kept although it is empty, since the next append is likely to come soon. */
const maxIdle = 1000;
const noOptions: AppendOptions = {};
/** What an append that waits takes beside its chunks. */
const appendCost = 100;

/**
 * Makes a log in Redis 6.2 or later, for any number of processes: each stream a hash and a Redis Stream in one slot, each
 * append one call of a script. Bring a client of `ioredis` or `redis` as a pattern: the log opens two connections like it,
 * one for commands and one, while streams are watched, for all watchers; your client stays yours.
 *
 * What was acknowledged is as safe as Redis is told to make it: `appendfsync always` survives the death of the server.
 *
 * @example
 * const log = createRedisLog(new Redis('redis://127.0.0.1:6379', { lazyConnect: true }));
 */
export function createRedisLog(client: RedisClient, options: RedisLogOptions = {}): Log {
  return new RedisLog(doorOf(client), options);
}

function doorOf(client: RedisClient): RedisDoor {
  const known = client as Partial<IoredisClient & NodeRedisClient> | null | undefined;
  if (typeof known?.duplicate === 'function') {
    if (typeof known.callBuffer === 'function') return ioredisDoor(client as IoredisClient);
    if (typeof known.sendCommand === 'function') return nodeRedisDoor(client as NodeRedisClient);
  }
  throw new TypeError(`client must be one of "ioredis" or "redis", got ${kindOf(client)}`);
}

class RedisLog implements Log {
  private readonly keys: RedisKeys;
  private readonly caller: RedisCaller;
  private readonly names: StreamNames;
  private readonly notices: StreamNotices;
  private readonly bounds: RedisBounds;
  private readonly maxPendingBytes: number;
  private readonly appends = new Map<string, StreamAppends>();
  private pendingBytes = 0;
  private readonly id = randomUUID();
  private tokens = 0;
  private readonly listener: AppendsListener = {
    // What is not noted here is found when streams are listed.
    ended: (streamId, life, expiresAt) => void this.names.expires({ streamId, life }, expiresAt).catch(() => {}),
    settled: (bytes) => (this.pendingBytes -= bytes),
    idle: (streamId) => {
      if (this.appends.size > maxIdle) this.appends.delete(streamId);
    },
  };

  constructor(door: RedisDoor, options: RedisLogOptions) {
    this.bounds = {
      maxChunks: checkBound('maxChunks', options.maxChunks ?? 1_000_000),
      maxChunkBytes: checkBound('maxChunkBytes', options.maxChunkBytes ?? 64 * mebibyte),
      maxProducers: checkBound('maxProducers', options.maxProducers ?? 1024),
      ttlMs: checkBound('ttlMs', options.ttlMs ?? 3_600_000, { infinite: true }),
    };
    this.maxPendingBytes = checkBound('maxPendingBytes', options.maxPendingBytes ?? 64 * mebibyte);
    this.keys = new RedisKeys(options.prefix ?? 'sluice');
    this.caller = new RedisCaller(door, options.patienceMs ?? 10_000);
    this.names = new StreamNames(this.caller, this.keys);
    this.notices = new StreamNotices(door, this.caller, this.keys, { id: this.id, pulseMs: options.pulseMs ?? 5000 });
  }

  async create(streamId: string, config?: StreamConfig): Promise<void> {
    checkName(streamId);
    const wanted = checkConfig(config);
    const ttl = wanted.ttlMs === undefined ? '' : `${wanted.ttlMs}`;
    const values = [newLife(), configText(wanted), ttl, `${Date.now()}`];
    const [life, differs, now] = (await this.run(createScript, streamId, values)) as readonly RedisReply[];
    if (differs === 1) {
      throw new StreamError('stream-exists', `stream "${streamId}" exists with another configuration`, { streamId });
    }
    // Also for one that exists: whoever made it may have died before this.
    await Promise.all([this.names.add({ streamId, life: String(life) }), this.names.sweep(String(now))]);
  }

  async append(
    streamId: string,
    batch: readonly EncodedChunk[],
    options: AppendOptions = noOptions,
  ): Promise<Appended> {
    checkAppend(options);
    let bytes = appendCost;
    for (const { length } of batch) bytes += length;
    if (this.pendingBytes > 0 && this.pendingBytes + bytes > this.maxPendingBytes) {
      const message = `appends of ${this.pendingBytes} of ${this.maxPendingBytes} bytes wait for Redis: there is no room for ${bytes} more`;
      throw new StreamError('overflow', message, { streamId });
    }
    const appends = this.appendsOf(streamId);
    this.pendingBytes += bytes;
    const token = options.close === undefined ? '' : this.token();
    return await appends.add([...batch], options, token, bytes);
  }

  private appendsOf(streamId: string): StreamAppends {
    let appends = this.appends.get(streamId);
    if (appends === undefined) {
      appends = new StreamAppends(streamId, this.keys.of(streamId), this.caller, this.bounds, this.listener);
      this.appends.set(streamId, appends);
    }
    return appends;
  }

  async read(streamId: string, from: number, limit: ReadLimit): Promise<LogSlice> {
    checkBound('from', from, fromZero);
    checkBound('limit.chunks', limit.chunks);
    checkBound('limit.bytes', limit.bytes);
    const reply = await this.run(readScript, streamId, [`${from}`, `${limit.chunks}`, `${limit.bytes}`]);
    if (reply === null) throw noStream(streamId);
    const [start, next, status, reason, count, wanted, life, ...parts] = reply as readonly RedisReply[];
    if (count === 0 && (wanted as number) > 0) throw chunksGone(streamId, start as number);
    // Beyond the newest chunk Redis was asked for none; the reader keeps its place.
    const slice = { from: start as number, chunks: chunksOf(parts), next: next as number, life: String(life) };
    return status === null ? slice : { ...slice, end: endOf(status!, reason!) };
  }

  watch(streamId: string, listener: () => void): () => void {
    return this.notices.add(streamId, listener);
  }

  async info(streamId: string): Promise<StreamInfo | undefined> {
    const { info } = this.keys.of(streamId);
    return infoOf(streamId, await this.caller.send(info, ['HMGET', info, ...recordFields], streamId));
  }

  async trim(streamId: string, before: number): Promise<void> {
    checkBound('before', before, fromZero);
    const { channel } = this.keys.of(streamId);
    if ((await this.run(trimScript, streamId, [channel, `${before}`])) === 0) throw noStream(streamId);
  }

  async delete(streamId: string, life = ''): Promise<void> {
    const { channel } = this.keys.of(streamId);
    const removed = await this.run(deleteScript, streamId, [channel, life]);
    if (removed !== null) await this.names.remove([{ streamId, life: String(removed) }]);
  }

  async list(prefix = ''): Promise<readonly StreamInfo[]> {
    const lives = await this.names.find(prefix);
    const records = await Promise.all(lives.map(({ streamId }) => this.info(streamId)));
    const gone = lives.filter(({ life }, i) => records[i]?.life !== life);
    await this.names.remove(gone);
    return records
      .filter((record, i) => record?.life === lives[i]!.life)
      .map((record) => record!)
      .toSorted((a, b) => (a.streamId < b.streamId ? -1 : 1));
  }

  dispose(): void {
    this.notices.dispose();
    this.caller.dispose();
  }

  private run(script: RedisScript, streamId: string, values: readonly string[]): Promise<RedisReply> {
    const { info, chunks } = this.keys.of(streamId);
    return this.caller.run({ script, keys: [info, chunks], values, streamId });
  }

  private token(): string {
    return `${this.id}:${this.tokens++}`;
  }
}

function chunksOf(parts: readonly RedisReply[]): EncodedChunk[] {
  const chunks: EncodedChunk[] = [];
  for (let i = 0; i < parts.length; i += 3) {
    const [head, size, data] = [parts[i] as Buffer, parts[i + 1] as number, parts[i + 2] as Buffer | null];
    // A copy: the client's bytes are a piece of all it has received.
    const bytes = data === null ? undefined : new Uint8Array(data);
    chunks.push({ head: head.toString(), bytes, size, length: head.length + (data === null ? 0 : data.length) });
  }
  return chunks;
}

function chunksGone(streamId: string, seq: number): StreamError {
  const message = `stream "${streamId}": Redis no longer has chunk ${seq}, which was not trimmed; was it told to evict keys?`;
  return new StreamError('gap', message, { streamId, seq });
}
