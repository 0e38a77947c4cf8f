import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conforms } from './suite.js';

conforms('a log in a folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-durable-'));
  return { url: `lmdb:${folder}`, close: () => rmSync(folder, { recursive: true, force: true }) };
});
