import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { Door } from '../../src/node/door.js';
import { listen } from '../../src/node/listen.js';
import { openDoors } from './doors.js';

/** A door that answers one path with its name. */
function named(path: string, name: string): Door {
  return {
    handle: (request, response) => {
      if (request.url !== path) return false;
      response.end(name);
      return true;
    },
  };
}

const upgrade = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

describe('listen', () => {
  it('leads a request to the first door that takes it', async () => {
    const { url } = await openDoors(named('/a', 'one'), named('/a', 'two'), named('/b', 'three'));
    expect(await (await fetch(`${url}/a`)).text()).toBe('one');
    expect(await (await fetch(`${url}/b`)).text()).toBe('three');
  });

  it('answers with 404 where no door does', async () => {
    const { url } = await openDoors(named('/a', 'one'));
    const response = await fetch(`${url}/c`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'not-found' });
  });

  it('hangs up on a WebSocket that no door takes', async () => {
    const { port } = await openDoors(named('/a', 'one'));
    const socket = connect(port, '127.0.0.1');
    socket.write(upgrade);
    expect(await text(socket)).toBe('');
  });

  it('has its doors say goodbye, and breaks off who stays', async () => {
    const told: string[] = [];
    const door: Door = {
      handle: () => false,
      upgrade: (_request, socket) => {
        told.push('upgrade');
        door.abort = () => {
          told.push('abort');
          socket.destroy();
        };
        socket.write('hello');
        return true;
      },
      dispose: () => void told.push('dispose'),
    };
    const listening = await listen([door], { host: '127.0.0.1', port: 0 });
    const socket = connect(listening.port, '127.0.0.1');
    socket.write(upgrade);
    await new Promise((resolve) => socket.once('data', resolve));
    await listening.close();
    expect(told).toEqual(['upgrade', 'dispose', 'abort']);
    socket.destroy();
  });

  it('names addresses of IPv6 as URLs do', async () => {
    const listening = await listen([], { host: '::1', port: 0 });
    expect(listening.url).toBe(`http://[::1]:${listening.port}`);
    await listening.close();
  });

  it.each([{ headersTimeoutMs: 0 }, { requestTimeoutMs: -1 }])('refuses %j before it listens', async (options) => {
    await expect(listen([], { host: '127.0.0.1', port: 0, ...options })).rejects.toThrow(RangeError);
  });
});
