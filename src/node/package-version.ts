import { createRequire } from 'node:module';

/** @internal The version of this package, as its manifest says it. */
export function packageVersion(): string {
  return (createRequire(import.meta.url)('sluice/package.json') as { version: string }).version;
}
