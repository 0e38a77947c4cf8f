import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { ownersAndScopes } from 'sluice/auth/owners-and-scopes';
import { createMemoryLog } from 'sluice/log/memory';
import { createAccess, createStreams } from 'sluice/streams';
import { checkRequest, forAdmins, principalOf, remember } from '../../src/node/guard.js';
import { doorkeeper } from '../../src/node/doorkeeper.js';
import { openDoors } from './doors.js';

const streams = createStreams({ log: createMemoryLog() });
const access = createAccess({ streams, authorize: ownersAndScopes });
const door = {
  handle: (_: unknown, response: { end: (text: string) => void }) => {
    response.end('in');
    return true;
  },
};

describe('principalOf', () => {
  it('is whoever was found out, and nobody otherwise', () => {
    const [known, other] = [{}, {}] as IncomingMessage[];
    remember(known!, { id: 'ann' });
    expect([principalOf(known!)?.id, principalOf(other!)]).toEqual(['ann', undefined]);
  });
});

describe('checkRequest', () => {
  it('asks for who sent it, where anybody is asked', () => {
    const request = {} as IncomingMessage;
    expect(checkRequest(undefined, request, 'admin', '')).toBeUndefined();
    expect(() => checkRequest(access, request, 'admin', '')).toThrow('to admin, say who you are');
    remember(request, { id: 'ann', scopes: ['admin'] });
    expect(checkRequest(access, request, 'admin', '')).toBeUndefined();
  });
});

describe('forAdmins', () => {
  it('lets those in who may do everything, and everybody elsewhere', async () => {
    const authenticate = ({ header }: { header: (name: string) => string | undefined }) => {
      const id = header('x-api-key');
      return id === undefined ? undefined : { id, scopes: id === 'boss' ? ['admin'] : ['*'] };
    };
    const { url } = await openDoors(doorkeeper([forAdmins(access, door, '/metrics')], { authenticate }));
    const status = async (path: string, name?: string) =>
      (await fetch(url + path, name === undefined ? {} : { headers: { 'x-api-key': name } })).status;
    expect(
      await Promise.all([status('/metrics'), status('/metrics', 'ann'), status('/metrics', 'boss'), status('/')]),
    ).toEqual([401, 403, 200, 200]);
  });

  it('is the door itself where nobody is asked', () => {
    expect(forAdmins(undefined, door, '/metrics')).toBe(door);
  });
});
