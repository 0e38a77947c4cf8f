import { describe, expect, it } from 'vitest';
import type { Door } from '../../src/node/door.js';
import { isReadOnly, sendText } from '../../src/node/is-read-only.js';
import { openDoors } from './doors.js';

const door: Door = {
  handle: (request, response) => {
    if (isReadOnly(request, response)) sendText(request, response, 'grüße', 'text/plain; charset=utf-8', 203);
    return true;
  },
};

describe('isReadOnly', () => {
  it.each(['GET', 'HEAD'])('lets %s pass', async (method) => {
    const { url } = await openDoors(door);
    const response = await fetch(url, { method });
    expect(response.status).toBe(203);
    expect(await response.text()).toBe(method === 'GET' ? 'grüße' : '');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-length': '7',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('refuses %s, and says what it takes', async (method) => {
    const { url } = await openDoors(door);
    const response = await fetch(url, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await response.json()).toEqual({ code: 'frame-invalid', message: 'this is read with GET', field: 'method' });
  });
});
