import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNatsBus } from '../../src/bus/nats.js';
import { type NatsServer, natsPath, startNats } from '../servers/nats.js';
import { busLaws } from './bus-laws.js';

describe.skipIf(natsPath === undefined)('createNatsBus', () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNats();
  });
  afterAll(async () => await server.dispose());

  busLaws('a bus over NATS', async () => {
    const connection = await connect({ servers: server.url });
    return { bus: createNatsBus(connection), close: () => connection.close() };
  });

  it('says that NATS cannot be reached', async () => {
    const connection = await connect({ servers: server.url });
    const bus = createNatsBus(connection);
    await connection.close();
    expect(() => bus.publish('a', 'x')).toThrow(expect.objectContaining({ code: 'connection-lost' }));
    await expect(async () => bus.subscribe('a', () => {})).rejects.toMatchObject({ code: 'connection-lost' });
  });
});
