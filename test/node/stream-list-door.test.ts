import { describe, expect, it } from 'vitest';
import { StreamError } from 'sluice/chunk';
import { createMemoryLog } from 'sluice/log/memory';
import { createStreams } from 'sluice/streams';
import { streamListDoor } from '../../src/node/stream-list-door.js';
import { openDoors } from './doors.js';

describe('streamListDoor', () => {
  it('lists streams, at its path only', async () => {
    const streams = createStreams({ log: createMemoryLog() });
    await streams.create('a');
    const { url } = await openDoors(streamListDoor(streams));
    expect(await (await fetch(`${url}/streams?now`)).json()).toEqual([expect.objectContaining({ streamId: 'a' })]);
    expect((await fetch(`${url}/streams/a`)).status).toBe(404);
    expect((await fetch(`${url}/streams`, { method: 'POST' })).status).toBe(405);
    await streams.dispose();
  });

  it.each([
    [new StreamError('log-unavailable', 'gone'), 503, { code: 'log-unavailable', message: 'gone' }],
    [new Error('secret'), 500, { code: 'internal', message: 'the request failed here' }],
  ])('answers an error of the log: %s', async (error, status, body) => {
    const { url } = await openDoors(
      streamListDoor({
        list: () => {
          throw error;
        },
      }),
    );
    const response = await fetch(`${url}/streams`);
    expect({ status: response.status, body: await response.json() }).toEqual({ status, body });
  });
});
