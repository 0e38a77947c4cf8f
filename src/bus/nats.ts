import { checkName, StreamError } from '../chunk/index.js';
import type { Bus } from './bus.js';

/** What this bus needs to see of a connection of `@nats-io/transport-node`. */
export interface NatsBusConnection {
  publish(subject: string, payload: string): void;
  subscribe(
    subject: string,
    options: { readonly callback: (error: Error | null, message: { string(): string }) => void },
  ): { unsubscribe(): void };
  flush(): Promise<void>;
}

/** Options of {@link createNatsBus}. */
export interface NatsBusOptions {
  /** Put before every topic to make its subject. Default `sluice.bus.`. */
  readonly prefix?: string;
}

/**
 * A bus over core NATS, on a connection of the caller's, which is not closed with the bus.
 *
 * @example
 * const bus = reliable(createNatsBus(await connect({ servers: '127.0.0.1:4222' })));
 */
export function createNatsBus(connection: NatsBusConnection, options: NatsBusOptions = {}): Bus {
  return new NatsBus(connection, options.prefix ?? 'sluice.bus.');
}

class NatsBus implements Bus {
  private readonly subscriptions = new Set<{ unsubscribe(): void }>();

  constructor(
    private readonly connection: NatsBusConnection,
    private readonly prefix: string,
  ) {}

  publish(topic: string, message: string): void {
    const subject = this.subjectOf(topic);
    try {
      this.connection.publish(subject, message);
    } catch (cause) {
      throw lost(topic, cause);
    }
  }

  async subscribe(topic: string, listener: (message: string) => void): Promise<() => void> {
    const subject = this.subjectOf(topic);
    try {
      const subscription = this.connection.subscribe(subject, {
        callback: (error, message) => {
          if (error === null) listener(message.string());
        },
      });
      this.subscriptions.add(subscription);
      // Until the server has answered, it may not know of the subscription.
      await this.connection.flush();
      return () => {
        if (this.subscriptions.delete(subscription)) subscription.unsubscribe();
      };
    } catch (cause) {
      throw lost(topic, cause);
    }
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    this.subscriptions.clear();
  }

  /** Segments become tokens; what NATS reserves within them is escaped. */
  private subjectOf(topic: string): string {
    const tokens = checkName(topic).split('/');
    return this.prefix + tokens.map((token) => encodeURIComponent(token).replace(/[.*]/g, escaped)).join('.');
  }
}

const escaped = (reserved: string): string => (reserved === '.' ? '%2E' : '%2A');

function lost(topic: string, cause: unknown): StreamError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new StreamError('connection-lost', `NATS cannot be reached: ${why}`, { streamId: topic, cause });
}
