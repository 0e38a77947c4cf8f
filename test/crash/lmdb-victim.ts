import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killed, type Victim } from './victim.js';

/** A log in a folder lives in the process that writes to it. */
export async function createLmdbVictim(): Promise<Victim> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-crash-'));
  return {
    url: `lmdb:${folder}`,
    kill: killed,
    revive: async () => {},
    dispose: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
