import {
  type ConnectionListener,
  type NodeRedisClient,
  reconnectDelay,
  type RedisDoor,
  type RedisReply,
} from './client.js';

/** What of a client of `redis` is used. */
interface NodeRedis {
  readonly options?: { readonly socket?: object };
  duplicate(options: object): NodeRedis;
  connect(): Promise<unknown>;
  sendCommand(command: readonly (string | Buffer)[], options: object): Promise<RedisReply>;
  subscribe(channels: readonly string[], listener: (message: string, channel: string) => void): Promise<unknown>;
  unsubscribe(channels: readonly string[], listener: (message: string, channel: string) => void): Promise<unknown>;
  destroy(): void;
  on(event: string, listener: (value: unknown) => void): unknown;
}

/** A cluster of `redis` wants to know the key, and whether a replica may answer. */
interface NodeRedisCluster {
  readonly masters: unknown;
  sendCommand(
    key: string,
    isReadonly: boolean,
    command: readonly (string | Buffer)[],
    options: object,
  ): Promise<RedisReply>;
}

/** Text comes as bytes: 36 is `RESP_TYPES.BLOB_STRING`, the `$` of the protocol. */
const asBytes = { typeMapping: { 36: Buffer } };

/** @internal Opens connections as a client of `redis` does. */
export function nodeRedisDoor(client: NodeRedisClient): RedisDoor {
  const template = client as unknown as NodeRedis;
  const cluster = 'masters' in client;
  const open = (listener: ConnectionListener) => {
    const own = template.duplicate(cluster ? {} : overrides(template));
    const heard = (_message: string, channel: string): void => listener.message(channel);
    // A cluster is ready when it knows its nodes, and looks after the connections to them by itself.
    own.on(cluster ? 'connect' : 'ready', () => listener.ready());
    own.on('reconnecting', () => listener.lost());
    own.on('error', (error) => listener.failed(error));
    let retry: NodeJS.Timeout | undefined;
    let closed = false;
    // A client tries again by itself, a cluster that has found no node does not.
    const connect = (attempt: number): void => {
      own.connect().catch((error: unknown) => {
        listener.failed(error);
        if (cluster && !closed) retry = setTimeout(() => connect(attempt + 1), reconnectDelay(attempt)).unref();
      });
    };
    connect(0);
    return {
      send: (key: string, command: readonly (string | Buffer)[]) =>
        cluster
          ? (own as unknown as NodeRedisCluster).sendCommand(key, false, command, asBytes)
          : own.sendCommand(command, asBytes),
      subscribe: (channels: readonly string[]) => own.subscribe(channels, heard),
      unsubscribe: (channels: readonly string[]) => own.unsubscribe(channels, heard),
      close: () => {
        closed = true;
        clearTimeout(retry);
        try {
          own.destroy();
        } catch {
          // It is closed already, or was never open.
        }
      },
    };
  };
  return { cluster, open };
}

function overrides({ options }: NodeRedis): object {
  return {
    disableOfflineQueue: true,
    keyPrefix: undefined,
    socket: { ...options?.socket, reconnectStrategy: reconnectDelay },
  };
}
