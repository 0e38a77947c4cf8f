/** What this log needs to see of a client of `ioredis`, or of its `Cluster`. */
export interface IoredisClient {
  duplicate(...options: never[]): unknown;
  callBuffer(...command: never[]): unknown;
}

/** What this log needs to see of a client of `redis` (node-redis), or of its cluster. */
export interface NodeRedisClient {
  duplicate(...options: never[]): unknown;
  sendCommand(...command: never[]): unknown;
  destroy(): unknown;
}

/**
 * A client of either package. It is a pattern only: the log opens connections of its own as this client would, whether it
 * is connected or not, and never closes it.
 */
export type RedisClient = IoredisClient | NodeRedisClient;

/** @internal One argument of a command: text, or bytes. */
export type RedisArgument = string | Buffer;

/** @internal What Redis answers: text and bytes as bytes. */
export type RedisReply = number | string | Buffer | null | readonly RedisReply[];

/** @internal What a connection tells. */
export interface ConnectionListener {
  /** Commands may be sent from now on: after the first connection and after every other one. */
  ready(): void;
  /** Nothing can be sent until it is ready again. */
  lost(): void;
  /** Why it was lost, or could not be made. */
  failed(error: unknown): void;
  /** Something was published to a channel. */
  message(channel: string): void;
}

/** @internal A connection that is made anew whenever it is lost, and sends nothing twice. */
export interface RedisConnection {
  /** Sends a command, at once or never. `key` is one of its keys: on a cluster it leads to the node. */
  send(key: string, command: readonly RedisArgument[]): Promise<RedisReply>;
  subscribe(channels: readonly string[]): Promise<unknown>;
  unsubscribe(channels: readonly string[]): Promise<unknown>;
  /** Ends it, with everything under way. */
  close(): void;
}

/** @internal Opens connections to one server or cluster. */
export interface RedisDoor {
  /** Whether the server is a cluster, whose nodes hand on what is published between themselves. */
  readonly cluster: boolean;
  open(listener: ConnectionListener): RedisConnection;
}

/** @internal Milliseconds before the next attempt to connect. */
export function reconnectDelay(attempt: number): number {
  return Math.min(1000, 25 * 2 ** Math.min(attempt, 6));
}
