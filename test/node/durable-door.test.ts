import { describe, expect, it } from 'vitest';
import { createDurableStreams } from 'sluice/durable';
import { createMemoryLog } from 'sluice/log/memory';
import { createStreams } from 'sluice/streams';
import { durableDoor } from '../../src/node/durable-door.js';
import { openDoors } from './doors.js';

describe('durableDoor', () => {
  it('serves the Durable Streams protocol below its path, to the pages it is told, until it is closed', async () => {
    const streams = createStreams({ log: createMemoryLog() });
    const durable = createDurableStreams({ streams });
    const door = durableDoor(durable, { origins: ['https://example.com'] });
    const { url } = await openDoors(door);
    const put = async (path: string, origin?: string) =>
      (await fetch(url + path, { method: 'PUT', headers: origin === undefined ? {} : { origin } })).status;
    expect(await put('/v1/stream/a')).toBe(201);
    expect(await put('/v1/stream/b', 'https://example.com')).toBe(201);
    expect(await put('/v1/stream/c', 'https://example.org')).toBe(403);
    expect(await put('/v1/streams/a')).toBe(404);
    const following = await fetch(`${url}/v1/stream/a?offset=-1&live=sse`);
    door.dispose!();
    expect((await following.text().catch(() => 'broken off')).length).toBeGreaterThan(0);
    await streams.dispose();
  });
});
