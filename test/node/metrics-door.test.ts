import { describe, expect, it } from 'vitest';
import { metricsDoor } from '../../src/node/metrics-door.js';
import { openDoors } from './doors.js';

const door = metricsDoor({ prometheus: async () => 'up 1\n' });

describe('metricsDoor', () => {
  it('shows what was measured, at its path only', async () => {
    const { url } = await openDoors(door);
    const shown = await fetch(`${url}/metrics?x`);
    expect([shown.status, shown.headers.get('content-type'), await shown.text()]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      'up 1\n',
    ]);
    expect((await fetch(`${url}/metrics/more`)).status).toBe(404);
  });

  it('is read and nothing else', async () => {
    const { url } = await openDoors(door);
    const head = await fetch(`${url}/metrics`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '5', '']);
    const refused = await fetch(`${url}/metrics`, { method: 'POST', body: 'x' });
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});
