import { describe, expect, it, vi } from 'vitest';
import type { GatewayState } from '../../src/gateway/index.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { healthDoor } from '../../src/node/health-door.js';
import { openDoors } from './doors.js';

const answer = async (url: string) => {
  const response = await fetch(url);
  return [response.status, await response.json()];
};

describe('healthDoor', () => {
  it('says that the server lives, whatever else is the matter', async () => {
    const { url } = await openDoors(
      healthDoor({
        log: {
          info: () => {
            throw new Error('gone');
          },
        },
        state: () => 'draining',
      }),
    );
    expect(await answer(`${url}/healthz`)).toEqual([200, { status: 'alive' }]);
    expect((await fetch(`${url}/health`)).status).toBe(404);
    expect((await fetch(`${url}/readyz`, { method: 'POST' })).status).toBe(405);
  });

  it('says whether it wants to be sent anybody', async () => {
    let state: GatewayState = 'open';
    const { url } = await openDoors(healthDoor({ log: createMemoryLog(), state: () => state }));
    expect(await answer(`${url}/readyz`)).toEqual([200, { status: 'ready', gateway: 'open', log: 'reachable' }]);
    for (state of ['draining', 'suspended'] as const) {
      expect(await answer(`${url}/readyz`)).toEqual([503, { status: 'not-ready', gateway: state, log: 'reachable' }]);
    }
  });

  it('does not want anybody while its log does not answer, and asks once for all who ask', async () => {
    const ask = vi.fn<() => Promise<undefined>>(() => new Promise(() => {}));
    const { url } = await openDoors(healthDoor({ log: { info: ask }, state: () => 'open', timeoutMs: 500 }));
    const answers = await Promise.all([answer(`${url}/readyz`), answer(`${url}/readyz`), answer(`${url}/readyz`)]);
    expect(answers).toEqual(answers.map(() => [503, { status: 'not-ready', gateway: 'open', log: 'unreachable' }]));
    expect(ask.mock.calls.length).toBeLessThan(3);
    ask.mockImplementation(async () => undefined);
    expect(await answer(`${url}/readyz`)).toMatchObject([200, { log: 'reachable' }]);
    expect(() => healthDoor({ log: { info: ask }, state: () => 'open', timeoutMs: 0 })).toThrow('timeoutMs');
  });
});
