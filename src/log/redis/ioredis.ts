import {
  type ConnectionListener,
  type IoredisClient,
  reconnectDelay,
  type RedisDoor,
  type RedisReply,
} from './client.js';

/** What of a client of `ioredis` is used. */
interface Ioredis {
  readonly isCluster?: boolean;
  /** The socket, while there is one; a cluster has many. */
  readonly stream?: { cork(): void; uncork(): void };
  duplicate(options: object): Ioredis;
  duplicate(nodes: readonly never[], options: object): Ioredis;
  callBuffer(name: string | Buffer, args: readonly (string | Buffer)[]): Promise<RedisReply>;
  subscribe(...channels: string[]): Promise<unknown>;
  unsubscribe(...channels: string[]): Promise<unknown>;
  disconnect(): void;
  on(event: string, listener: (value: unknown) => void): unknown;
}

/**
 * What is asked otherwise of our connections: a command that was under way when the connection broke is not sent again
 * behind our back, which would keep a chunk twice. It takes both options: without retries it is rejected, and without
 * `autoResendUnfulfilledCommands` alone it would wait for ever.
 */
const node = {
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  keyPrefix: '',
  maxRetriesPerRequest: 0,
};
const always = { enableOfflineQueue: false, lazyConnect: false };

/** @internal Opens connections as a client of `ioredis` does. */
export function ioredisDoor(client: IoredisClient): RedisDoor {
  const template = client as unknown as Ioredis;
  const cluster = template.isCluster === true;
  const open = (listener: ConnectionListener) => {
    const own = cluster
      ? template.duplicate([], {
          ...always,
          retryDelayOnFailover: 0,
          clusterRetryStrategy: reconnectDelay,
          redisOptions: node,
        })
      : template.duplicate({ ...always, ...node, retryStrategy: reconnectDelay });
    own.on('ready', () => listener.ready());
    own.on('error', (error) => listener.failed(error));
    own.on('close', () => listener.lost());
    own.on('message', (channel) => listener.message(channel as string));
    const packed = packing(own);
    return {
      send: (_key: string, command: readonly (string | Buffer)[]) => {
        packed();
        // In one list: a command of many chunks has more arguments than a call may have.
        return own.callBuffer(command[0]!, command.slice(1));
      },
      subscribe: (channels: readonly string[]) => own.subscribe(...channels),
      unsubscribe: (channels: readonly string[]) => own.unsubscribe(...channels),
      close: () => own.disconnect(),
    };
  };
  return { cluster, open };
}

/** Has everything that is sent in one turn written at once: a write for each command is most of what a command costs. */
function packing(client: Ioredis): () => void {
  let due = false;
  return () => {
    const { stream } = client;
    if (due || stream === undefined) return;
    due = true;
    stream.cork();
    process.nextTick(() => {
      due = false;
      stream.uncork();
    });
  };
}
