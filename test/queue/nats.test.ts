import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe } from 'vitest';
import { createNatsQueue, type NatsQueueOptions } from '../../src/queue/nats.js';
import type { Queue } from '../../src/queue/queue.js';
import { queueLaws } from '../../src/testing/queue-laws.js';
import { type NatsServer, natsPath, startNats } from '../servers/nats.js';

describe.skipIf(natsPath === undefined)('createNatsQueue', () => {
  let server: NatsServer;
  let connection: NatsConnection;
  let queues = 0;
  beforeAll(async () => {
    server = await startNats();
    connection = await connect({ servers: server.url });
  });
  afterAll(async () => {
    await connection.close();
    await server.dispose();
  });

  const open = (options: Partial<NatsQueueOptions> = {}, name = `queue/${queues++}`): Queue =>
    createNatsQueue(name, { connection, ...options });

  queueLaws('a queue in NATS', (options) => ({ queue: open(options) }));
});
