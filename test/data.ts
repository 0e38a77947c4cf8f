import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = process.env['SLUICE_DATA'] ?? fileURLToPath(new URL('../../shared/data/', import.meta.url));

/**
 * A file of the recorded streams and texts, which are kept beside the project and never in it. Without it the tests that
 * want it are skipped aloud.
 */
export function dataFile(name: string): string | undefined {
  const path = `${folder}/${name}`;
  if (existsSync(path)) return path;
  process.stderr.write(`\nSKIPPED: tests that read ${name}. Set SLUICE_DATA to where the recordings are.\n`);
  return undefined;
}
