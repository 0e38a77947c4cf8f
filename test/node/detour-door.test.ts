import { describe, expect, it } from 'vitest';
import type { GatewayState } from '../../src/gateway/index.js';
import { detourDoor } from '../../src/node/detour-door.js';
import { openDoors } from './doors.js';

const inside = {
  handle: (_request: unknown, response: { end(text: string): void }) => {
    response.end('inside');
    return true;
  },
};

describe('detourDoor', () => {
  it.each([
    ['draining', 'connection-lost'],
    ['suspended', 'log-unavailable'],
  ] as const)(
    'sends everybody elsewhere while the server is %s, but for those who ask how it is',
    async (now, code) => {
      let state: GatewayState = 'open';
      const { url } = await openDoors(
        detourDoor(() => state),
        inside,
      );
      expect(await (await fetch(`${url}/streams`)).text()).toBe('inside');
      state = now;
      const refused = await fetch(`${url}/streams?a=b`);
      expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('connection')]).toEqual([
        503,
        '1',
        'close',
      ]);
      expect(await refused.json()).toMatchObject({ code });
      for (const path of ['/healthz', '/readyz?verbose', '/metrics']) {
        expect(await (await fetch(url + path)).text()).toBe('inside');
      }
    },
  );
});
