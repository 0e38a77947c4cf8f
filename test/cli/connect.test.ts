import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { connect, serverOption } from '../../src/cli/connect.js';

describe('connect', () => {
  it('gives up when there is no server, and says so', async () => {
    const { port, close } = await closedPort();
    await close();
    const client = connect(`http://127.0.0.1:${port}`, 'ws', { maxRetries: 2, minMs: 1, maxMs: 2 });
    await expect(client.read('any').next()).rejects.toMatchObject({ code: 'connection-lost' });
    client.close();
  });

  it('takes the server from the flag, the environment, or the default', () => {
    const option = serverOption();
    expect([option.envVar, option.defaultValue]).toEqual(['SLUICE_SERVER', 'http://127.0.0.1:4437']);
  });
});

/** A port that was free a moment ago. */
async function closedPort(): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { port, close: async () => await new Promise((resolve) => server.close(() => resolve())) };
}
