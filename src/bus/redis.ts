import { checkName, StreamError } from '../chunk/index.js';
import type { Bus } from './bus.js';

/** What this bus needs to see of a client of `ioredis`. */
export interface IoredisBusClient {
  duplicate(): IoredisBusClient;
  publish(channel: string, message: string): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  on(event: 'message', listener: (channel: string, message: string) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  disconnect(): unknown;
}

/** What this bus needs to see of a client of `redis` (node-redis). */
export interface NodeRedisBusClient {
  duplicate(): NodeRedisBusClient;
  connect(): Promise<unknown>;
  publish(channel: string, message: string): Promise<unknown>;
  subscribe(channel: string, listener: (message: string, channel: string) => void): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  destroy(): unknown;
}

/** Options of {@link createRedisBus}. */
export interface RedisBusOptions {
  /** Put before every topic to make its channel. Default `sluice:bus:`. */
  readonly prefix?: string;
}

/** What is the same of both clients. */
interface Door {
  publish(channel: string, message: string): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  close(): void;
}

/**
 * A bus over Pub/Sub of Redis. Opens two connections as the client would, one to publish and one to listen, whatever the
 * number of topics; the client itself is only a pattern and is never closed.
 *
 * @example
 * const bus = reliable(createRedisBus(new Redis()));
 */
export function createRedisBus(client: IoredisBusClient | NodeRedisBusClient, options: RedisBusOptions = {}): Bus {
  return new RedisBus(client, options.prefix ?? 'sluice:bus:');
}

class RedisBus implements Bus {
  private readonly listeners = new Map<string, Set<(message: string) => void>>();
  private readonly door: Door;

  constructor(
    client: IoredisBusClient | NodeRedisBusClient,
    private readonly prefix: string,
  ) {
    const hear = (channel: string, message: string): void => {
      for (const listener of [...(this.listeners.get(channel) ?? [])]) listener(message);
    };
    this.door = 'connect' in client && 'destroy' in client ? nodeRedisDoor(client, hear) : ioredisDoor(client, hear);
  }

  async publish(topic: string, message: string): Promise<void> {
    await sent(topic, this.door.publish(this.prefix + checkName(topic), message));
  }

  async subscribe(topic: string, listener: (message: string) => void): Promise<() => void> {
    const channel = this.prefix + checkName(topic);
    const listeners = this.listeners.get(channel) ?? new Set();
    const own = (message: string): void => listener(message);
    this.listeners.set(channel, listeners.add(own));
    const leave = (): void => {
      if (!listeners.delete(own) || listeners.size > 0 || this.listeners.get(channel) !== listeners) return;
      this.listeners.delete(channel);
      this.door.unsubscribe(channel).catch(() => {});
    };
    try {
      await sent(topic, this.door.subscribe(channel));
    } catch (error) {
      leave();
      throw error;
    }
    return leave;
  }

  dispose(): void {
    this.listeners.clear();
    this.door.close();
  }
}

/** Names what went wrong. */
async function sent(topic: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StreamError('connection-lost', `Redis cannot be reached: ${why}`, { streamId: topic, cause });
  }
}

type Hear = (channel: string, message: string) => void;

/** Trouble is told by what fails, and connections are made again by the client. */
const ignore = (): void => {};

function ioredisDoor(client: IoredisBusClient, hear: Hear): Door {
  const [speaker, ear] = [client.duplicate(), client.duplicate()];
  speaker.on('error', ignore);
  ear.on('error', ignore);
  ear.on('message', hear);
  return {
    publish: (channel, message) => speaker.publish(channel, message),
    subscribe: (channel) => ear.subscribe(channel),
    unsubscribe: (channel) => ear.unsubscribe(channel),
    close: () => {
      speaker.disconnect();
      ear.disconnect();
    },
  };
}

function nodeRedisDoor(client: NodeRedisBusClient, hear: Hear): Door {
  const open = () => {
    const connection = client.duplicate();
    connection.on('error', ignore);
    const ready = connection.connect().then(() => connection);
    // Whoever uses it hears of its failure; perhaps nobody does.
    ready.catch(ignore);
    return { connection, ready };
  };
  const [speaker, ear] = [open(), open()];
  // One function for every channel: the client calls each as often as it was handed in differently.
  const listener = (message: string, channel: string): void => hear(channel, message);
  return {
    publish: async (channel, message) => (await speaker.ready).publish(channel, message),
    subscribe: async (channel) => (await ear.ready).subscribe(channel, listener),
    unsubscribe: async (channel) => (await ear.ready).unsubscribe(channel),
    // Also one that is still trying to connect: it would do so for ever.
    close: () => [speaker, ear].forEach(({ connection }) => connection.destroy()),
  };
}
