import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * @internal Makes a folder, and those above it that are not there. Each by itself: what Node calls `recursive` goes round for ever
 * where nothing can be made and the system says that the folder above is missing, as below `/proc`.
 */
export function makeFolder(path: string): void {
  if (isFolder(path)) return;
  const above = dirname(path);
  if (above !== path) makeFolder(above);
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have made it just now.
    if (!isFolder(path)) throw error;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
