import { jetstream } from '@nats-io/jetstream';
import { describe } from 'vitest';
import { createNatsQueue } from '../../src/queue/nats.js';
import { connectTo } from '../servers/nats-stage.js';
import { natsPath, startNats } from '../servers/nats.js';
import { faultLaws } from './fault-laws.js';

describe.skipIf(natsPath === undefined)('createNatsQueue through faults', () => {
  faultLaws({
    kind: 'nats',
    start: startNats,
    open: async (port, name, options) => {
      const connection = await connectTo(`nats://127.0.0.1:${port}`);
      return { queue: createNatsQueue(name, { connection, ...options }), close: async () => connection.close() };
    },
    spoil: async (port, name) => {
      const connection = await connectTo(`nats://127.0.0.1:${port}`);
      await jetstream(connection).publish(`sluice.queue.${name}.jobs.x`, '{"no":"job"}');
      await connection.close();
    },
  });
});
