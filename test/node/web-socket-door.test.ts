import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createGateway } from 'sluice/gateway';
import { createMemoryLog } from 'sluice/log/memory';
import { createStreams } from 'sluice/streams';
import { webSocketDoor } from '../../src/node/web-socket-door.js';
import { openDoors } from './doors.js';

describe('webSocketDoor', () => {
  it('brings WebSockets on any path to the gateway, and breaks them off', async () => {
    const streams = createStreams({ log: createMemoryLog() });
    const gateway = createGateway({ streams });
    const door = webSocketDoor(gateway, {});
    const { url } = await openDoors(door);
    const socket = new WebSocket(`${url}/anywhere`, 'sluice.v1');
    await new Promise((resolve) => socket.once('message', resolve));
    expect(gateway.connections()).toHaveLength(1);
    expect((await fetch(url)).status).toBe(404);
    door.abort!();
    await expect.poll(() => gateway.connections()).toHaveLength(0);
    socket.terminate();
    await streams.dispose();
  });
});
