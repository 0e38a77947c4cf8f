import { describe, expect, it } from 'vitest';
import { openDoors } from './doors.js';

describe('notFound', () => {
  it('says where something is', async () => {
    const { url } = await openDoors();
    const response = await fetch(`${url}/nothing`);
    expect([response.status, await response.json()]).toEqual([
      404,
      { code: 'not-found', message: 'there is nothing here: try / or /streams' },
    ]);
  });
});
