import { kindOf } from '../../chunk/index.js';

/** @internal Where one stream is kept: both keys stand in one slot of a Redis Cluster. */
export interface StreamKeys {
  /** A hash: configuration, numbers, end and producers. */
  readonly info: string;
  /** A Redis Stream: the chunks. */
  readonly chunks: string;
  /** A Pub/Sub channel: told of every change. */
  readonly channel: string;
}

/** @internal The names of everything a log keeps in Redis. */
export class RedisKeys {
  /** A sorted set: the names of all streams. */
  readonly names: string;
  /** A sorted set: the names of ended streams, by the time they expire at. */
  readonly expiry: string;

  constructor(private readonly prefix: string) {
    if (typeof prefix !== 'string') throw new TypeError(`prefix must be a string, got ${kindOf(prefix)}`);
    if (prefix === '' || /[{}]/.test(prefix))
      throw new RangeError(`prefix must be text without braces, got "${prefix}"`);
    this.names = `${prefix}:names`;
    this.expiry = `${prefix}:expiry`;
  }

  of(streamId: string): StreamKeys {
    const channel = `${this.prefix}:{${hashTag(streamId)}}`;
    return { info: `${channel}:info`, chunks: `${channel}:chunks`, channel };
  }

  /** The channel on which a log hears itself. */
  pulse(id: string): string {
    return `${this.prefix}:pulse:${id}`;
  }
}

/**
 * The slot of a key is that of what stands between its first braces, so the name must bring none: `}x` would leave nothing
 * between them, and each key a slot of its own.
 */
function hashTag(streamId: string): string {
  return streamId.replaceAll(/[%{}]/g, encodeURIComponent);
}
