import { readFileSync } from 'node:fs';
import { StreamError } from '../../chunk/index.js';
import type { ServerTls } from '../front.js';
import type { Config } from './config-schema.js';

/** @internal The certificate a configuration names, read. @throws {@link StreamError} `config-invalid` naming the setting */
export function readTls({ cert, key }: Config['tls']): ServerTls | undefined {
  if (cert === undefined && key === undefined) return undefined;
  return { cert: readSetting('tls.cert', cert), key: readSetting('tls.key', key) };
}

function readSetting(field: string, file: string | undefined): string {
  if (file === undefined) throw invalid(field, 'must be there as well: a certificate needs its key');
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw invalid(field, `cannot be read: ${(cause as Error).message}`, cause);
  }
}

function invalid(field: string, why: string, cause?: unknown): StreamError {
  return new StreamError('config-invalid', `${field} ${why}`, cause === undefined ? { field } : { field, cause });
}
