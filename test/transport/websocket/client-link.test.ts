import { describe, expect, it, vi } from 'vitest';
import { closeCodes, encodeRequests } from '../../../src/protocol/index.js';
import { ClientLink } from '../../../src/transport/websocket/client-link.js';
import { FakeSocket, listener, openFake } from './fake-socket.js';

const until = async (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 2 });

describe('ClientLink', () => {
  it.each([
    [closeCodes.normal, [1000, 'why']],
    [closeCodes['idle-timeout'], [4408, 'why']],
    [closeCodes.lost, []],
    [closeCodes['going-away'], []],
  ])('closes the socket for %i as browsers allow it', async (code, args) => {
    const { heard, link, socket } = openFake();
    link.close(code, 'why');
    link.close(code, 'again');
    expect(socket.closes).toEqual([args]);
    await until(() => expect(heard).toEqual(['opened', `closed ${code} why`]));
  });

  it('always takes more: who reads says little', () => {
    const { heard, events } = listener();
    const link = new ClientLink(() => new FakeSocket('', ''), encodeRequests, events);
    FakeSocket.last.opens();
    FakeSocket.last.bufferedAmount = 1e9;
    link.send([{ t: 'ping', grants: [] }]);
    expect(link.writable).toBe(true);
    expect(FakeSocket.last.sent).toEqual(['{"t":"ping","grants":[]}']);
    expect(heard).toEqual(['opened']);
  });
});
