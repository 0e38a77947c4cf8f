import type { ConnectionListener, RedisArgument, RedisDoor, RedisReply } from '../../../src/log/redis/client.js';

/** A connection that a test leads by the hand. */
export interface FakeConnection {
  readonly listener: ConnectionListener;
  readonly sent: (readonly RedisArgument[])[];
  readonly joined: Set<string>;
  /** Every SUBSCRIBE and UNSUBSCRIBE, as it was sent. */
  readonly said: string[];
  closed: boolean;
}

/** A door to nowhere: the test answers. */
export class FakeDoor implements RedisDoor {
  cluster = false;
  readonly connections: FakeConnection[] = [];
  answer: (command: readonly RedisArgument[]) => RedisReply | Promise<RedisReply> = () => null;
  /** Rejects every SUBSCRIBE. */
  forbids = false;

  get latest(): FakeConnection {
    return this.connections.at(-1)!;
  }

  open(listener: ConnectionListener): ReturnType<RedisDoor['open']> {
    const connection: FakeConnection = { listener, sent: [], joined: new Set(), said: [], closed: false };
    this.connections.push(connection);
    return {
      send: async (_key, command) => {
        connection.sent.push(command);
        return await this.answer(command);
      },
      subscribe: async (channels) => {
        if (this.forbids) throw new Error('NOPERM');
        connection.said.push(`+${channels.join()}`);
        for (const channel of channels) connection.joined.add(channel);
      },
      unsubscribe: async (channels) => {
        connection.said.push(`-${channels.join()}`);
        for (const channel of channels) connection.joined.delete(channel);
      },
      close: () => (connection.closed = true),
    };
  }
}
