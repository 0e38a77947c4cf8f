import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Imports a module of the user's by the path of its file.
 *
 * @internal
 * @throws TypeError, which says what to do, for TypeScript that this Node does not read
 */
export async function importModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(resolve(file)).href)) as Record<string, unknown>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_UNKNOWN_FILE_EXTENSION') throw error;
    const hint = "hand it JavaScript, or install tsx and say NODE_OPTIONS='--import tsx'";
    throw new TypeError(`this Node cannot read ${file}: ${hint}`, { cause: error });
  }
}
