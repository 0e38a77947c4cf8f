import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Log } from '../../src/log/log.js';
import { createNatsLog, type NatsLogOptions } from '../../src/log/nats.js';
import { type NatsServer, startNats } from './nats.js';

/** A NATS for the length of a test file, and logs on it. */
export interface NatsStage {
  readonly server: () => NatsServer;
  /** A connection beside the logs, to look at what they keep and to do them harm. */
  readonly admin: () => NatsConnection;
  /** Connects once more; it is closed after the test. */
  connect(): Promise<NatsConnection>;
  /** Makes a log with a connection of its own, and a prefix of the test's; both are over after the test. */
  log(options?: NatsLogOptions): Promise<Log>;
  /** The prefix of the test's logs. */
  readonly prefix: () => string;
}

/** Connects as long as it takes, again and again; a connection that breaks while it is being made is given up soon. */
export function connectTo(url: string): Promise<NatsConnection> {
  return connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 20, reconnectJitter: 0, timeout: 2000 });
}

/** Starts a NATS before the tests of a file and ends it after them. Each test has a prefix of its own. */
export function natsStage(): NatsStage {
  let server: NatsServer;
  let admin: NatsConnection;
  let tests = 0;
  const connections: NatsConnection[] = [];
  const logs: Log[] = [];
  const open = async (): Promise<NatsConnection> => {
    const connection = await connectTo(server.url);
    connections.push(connection);
    return connection;
  };
  const prefix = (): string => `test-${tests}`;
  beforeAll(async () => {
    server = await startNats();
    admin = await connectTo(server.url);
  });
  afterEach(async () => {
    for (const log of logs.splice(0)) await log.dispose();
    for (const connection of connections.splice(0)) await connection.close();
    tests++;
  });
  afterAll(async () => {
    await admin.close();
    await server.dispose();
  });
  return {
    server: () => server,
    admin: () => admin,
    connect: open,
    log: async (options) => {
      const log = createNatsLog(await open(), { prefix: prefix(), ...options });
      logs.push(log);
      return log;
    },
    prefix,
  };
}
