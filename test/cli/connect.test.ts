import { afterEach, describe, expect, it, vi } from 'vitest';
import { connect, serverOption } from '../../src/cli/connect.js';
import { freePort } from '../servers/server.js';

afterEach(() => void vi.restoreAllMocks());

describe('connect', () => {
  it('says once that it waits when there is no server, gives up in the end, and says so', async () => {
    const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const port = await freePort();
    const client = connect(`http://127.0.0.1:${port}`, 'ws', { maxRetries: 2, minMs: 1, maxMs: 2 });
    await expect(client.read('any').next()).rejects.toMatchObject({ code: 'connection-lost' });
    expect(told.mock.calls).toEqual([[`sluice: http://127.0.0.1:${port} cannot be reached yet, trying again\n`]]);
    client.close();
  });

  it('takes the server from the flag, the environment, or the default', () => {
    const option = serverOption();
    expect([option.envVar, option.defaultValue]).toEqual(['SLUICE_SERVER', 'http://127.0.0.1:4437']);
  });
});
