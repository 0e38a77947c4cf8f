// Bundles the monitor's page and the web components, each into one file a browser can load as it is.
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Writes monitor.js, components.js and what goes with them into a folder. */
export async function buildMonitor(folder) {
  mkdirSync(folder, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: { monitor: 'src/monitor/sluice-monitor.ts', components: 'src/components/index.ts' },
    outdir: folder,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'inline',
    conditions: ['sluice-source', 'es2015'],
    logLevel: 'warning',
  });
  for (const file of ['monitor.css', 'icon.svg']) copyFileSync(join(root, 'src/monitor', file), join(folder, file));
}
