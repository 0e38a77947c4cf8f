// Compiles the project into bench/dist, so that what is measured is what users get, and stays the same while a benchmark
// runs. Types are left to `npm run check`: with a type error the compiler still emits, and what it emitted is measured.
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../..', import.meta.url));
const dist = fileURLToPath(new URL('../dist', import.meta.url));

/** Builds the project for a benchmark. */
export function build() {
  rmSync(dist, { recursive: true, force: true });
  const compiler = `${project}node_modules/typescript/bin/tsc`;
  const flags = ['--outDir', dist, '--declaration', 'false', '--declarationMap', 'false', '--sourceMap', 'false'];
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json', ...flags], {
    cwd: project,
    stdio: 'ignore',
  });
  if (status !== 0) process.stderr.write('the project does not type-check at the moment: measured all the same\n');
  // The library looks itself up by its name, for its version.
  const { name, version } = JSON.parse(readFileSync(`${project}package.json`, 'utf8'));
  const manifest = { name, version, type: 'module', exports: { './package.json': './package.json' } };
  writeFileSync(`${dist}/package.json`, JSON.stringify(manifest));
  const isAsset = (path) => statSync(path).isDirectory() || !path.endsWith('.ts');
  cpSync(`${project}src`, `${dist}/src`, { recursive: true, filter: isAsset });
}
