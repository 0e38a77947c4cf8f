import { describe } from 'vitest';
import { natsPath, startNats } from '../../servers/nats.js';
import { conforms } from './suite.js';

describe.skipIf(natsPath === undefined)('with a nats-server', () => {
  conforms('a log in NATS', async () => {
    const server = await startNats();
    return { url: server.url, close: () => server.dispose() };
  });
});
