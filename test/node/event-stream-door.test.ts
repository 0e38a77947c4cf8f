import { describe, expect, it } from 'vitest';
import { createGateway } from 'sluice/gateway';
import { createMemoryLog } from 'sluice/log/memory';
import { createStreams } from 'sluice/streams';
import { eventStreamDoor } from '../../src/node/event-stream-door.js';
import { openDoors } from './doors.js';

describe('eventStreamDoor', () => {
  it('serves streams as events at both of their paths, and leaves others alone', async () => {
    const streams = createStreams({ log: createMemoryLog() });
    await streams.publish('a', [], { close: { status: 'completed' } });
    const gateway = createGateway({ streams });
    const { url } = await openDoors(eventStreamDoor(gateway, { retryMs: 77 }));
    for (const path of ['/streams/a', '/sse/a']) {
      const body = await (await fetch(url + path)).text();
      expect(body).toContain('retry: 77');
      expect(body).toContain('event: end');
    }
    expect((await fetch(`${url}/streams`)).status).toBe(404);
    gateway.close();
    await streams.dispose();
  });
});
