import { afterEach } from 'vitest';
import type { Door } from '../../src/node/door.js';
import { listen, type Listening } from '../../src/node/listen.js';

const open: Listening[] = [];

/** Listens with some doors until the test is over. */
export async function openDoors(...doors: Door[]): Promise<Listening> {
  const listening = await listen(doors, { host: '127.0.0.1', port: 0 });
  open.push(listening);
  return listening;
}

afterEach(async () => {
  for (const listening of open.splice(0)) await listening.close();
});
