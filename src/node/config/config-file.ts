import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { StreamError } from '../../chunk/index.js';
import { importModule } from '../import-module.js';

/** How a file is read, by the end of its name. */
const readers: Readonly<Record<string, (file: string) => Promise<unknown>>> = {
  '.toml': async (file) => (await peer('smol-toml', () => import('smol-toml'))).parse(await readFile(file, 'utf8')),
  '.json': async (file) => JSON.parse(await readFile(file, 'utf8')),
  '.yaml': readYaml,
  '.yml': readYaml,
  '.ts': readModule,
  '.mts': readModule,
  '.js': readModule,
  '.mjs': readModule,
};

/** What a configuration file may be called. */
const configFiles: readonly string[] = Object.keys(readers).map((end) => `sluice.config${end}`);

/** The configuration file of a folder. @throws {@link StreamError} `config-invalid` when there are several */
export function findConfigFile(folder: string): string | undefined {
  const found = configFiles.filter((name) => existsSync(join(folder, name)));
  if (found.length > 1) throw invalid(`there are several configuration files, keep one: ${found.join(', ')}`);
  return found[0] === undefined ? undefined : join(folder, found[0]);
}

/** What a configuration file says, unchecked. @throws {@link StreamError} `config-invalid` naming the file and why it cannot be read */
export async function readConfigFile(file: string): Promise<unknown> {
  const reader = readers[extname(file).toLowerCase()];
  if (reader === undefined) throw invalid(`${file} must be one of ${Object.keys(readers).join(', ')}`);
  try {
    return await reader(file);
  } catch (cause) {
    if (cause instanceof StreamError) throw cause;
    throw invalid(`${basename(file)} cannot be read: ${(cause as Error).message}`, cause);
  }
}

async function readYaml(file: string): Promise<unknown> {
  const { parse } = await peer('yaml', () => import('yaml'));
  // A file of comments alone says nothing.
  return (parse(await readFile(file, 'utf8')) as unknown) ?? {};
}

async function readModule(file: string): Promise<unknown> {
  const { default: said } = await importModule(file);
  if (said === undefined) throw invalid(`${basename(file)} must export its settings as default`);
  return said;
}

/** A package that is only needed by those who write such files. */
async function peer<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw invalid(`such a file needs the package "${name}": npm install ${name}`, cause);
  }
}

function invalid(message: string, cause?: unknown): StreamError {
  return new StreamError('config-invalid', message, cause === undefined ? {} : { cause });
}
