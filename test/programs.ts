import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Where a program is that some tests need. Without it those tests are skipped aloud, with the line that installs it; in CI
 * its absence is a failure.
 */
export function findProgram(name: string, install: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    if (isExecutable(path)) return path;
  }
  if (process.env['CI'] === 'true') throw new Error(`${name} is not on the PATH: ${install}`);
  process.stderr.write(`\nSKIPPED: tests that need ${name}. To run them: ${install}\n`);
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
