import { unreachable } from './failure.js';
import type { RedisConnection, RedisDoor } from './client.js';

/** @internal What a link tells. */
export interface LinkListener {
  ready?(): void;
  message?(channel: string): void;
}

interface Waiting {
  resolve(connection: RedisConnection): void;
  reject(error: unknown): void;
}

/** @internal A connection that can be waited for, and replaced by a new one. */
export class RedisLink {
  private connection: RedisConnection | undefined;
  private isReady = false;
  private trouble: unknown = undefined;
  private readonly waiting = new Set<Waiting>();

  constructor(
    private readonly door: RedisDoor,
    private readonly listener: LinkListener = {},
  ) {}

  /** The connection, when commands can be sent now. */
  get ready(): RedisConnection | undefined {
    return this.isReady ? this.connection : undefined;
  }

  /** Opens the connection unless it is open. */
  open(): void {
    if (this.connection !== undefined) return;
    // What a connection of before still has to say is not heard.
    let connection: RedisConnection | undefined = undefined;
    const current = (): boolean => connection === undefined || this.connection === connection;
    connection = this.door.open({
      ready: () => current() && this.becameReady(),
      lost: () => current() && (this.isReady = false),
      failed: (error) => current() && (this.trouble = error),
      message: (channel) => current() && this.listener.message?.(channel),
    });
    this.connection = connection;
  }

  private becameReady(): void {
    this.isReady = true;
    this.trouble = undefined;
    for (const { resolve } of this.waiting) resolve(this.connection!);
    this.waiting.clear();
    this.listener.ready?.();
  }

  /** Waits for the connection; after `patienceMs` in vain it is `log-unavailable`. */
  async whenReady(patienceMs: number): Promise<RedisConnection> {
    this.open();
    if (this.isReady) return this.connection!;
    return await new Promise((resolve, reject) => {
      const giveUp = (): void => waiting.reject(unreachable(this.trouble));
      const timer = setTimeout(giveUp, Math.max(0, patienceMs));
      const settle = (): void => {
        clearTimeout(timer);
        this.waiting.delete(waiting);
      };
      const waiting: Waiting = {
        resolve: (connection) => (settle(), resolve(connection)),
        reject: (error) => (settle(), reject(error as Error)),
      };
      this.waiting.add(waiting);
    });
  }

  /** Gives the connection up for a new one, perhaps to another server. */
  renew(): void {
    this.close();
    this.open();
  }

  close(): void {
    this.isReady = false;
    const { connection } = this;
    this.connection = undefined;
    connection?.close();
  }

  /** Closes it and lets nobody wait. */
  dispose(): void {
    this.close();
    for (const { reject } of this.waiting) reject(unreachable(new Error('the log was disposed of')));
  }
}
