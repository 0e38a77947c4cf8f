import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The command line as plain JavaScript: a process that is started again and again then is at work in a quarter of the time. */
export interface Bundled {
  readonly main: string;
  dispose(): void;
}

/** Bundles the command line into a folder of its own, with the packages of this one. */
export async function bundled(): Promise<Bundled> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bundled-'));
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  await build({
    entryPoints: [join(root, 'src/cli/main.ts')],
    outdir: join(folder, 'out'),
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  return { main: join(folder, 'out/main.js'), dispose: () => rmSync(folder, { recursive: true }) };
}
