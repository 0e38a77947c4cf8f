// Proves the package as a user gets it: packs it, has publint and attw judge the tarball, then, in a folder of its own with
// nothing but the dependencies the package states, type-checks and imports every public path and runs the command.
// Expects dist/ to be built. Reaches no network.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const home = mkdtempSync(join(tmpdir(), 'sluice-packed-'));
const modules = join(home, 'node_modules');
const installed = join(modules, manifest.name);

try {
  const [tarball, files] = pack();
  refuseStrays(files);
  node(home, resolve('node_modules/publint/src/cli.js'), 'run', tarball, '--strict');
  const attw = resolve('node_modules/@arethetypeswrong/cli/dist/index.js');
  node(home, attw, tarball, '--profile', 'esm-only', '--no-definitely-typed', '--format', 'ascii');
  install(tarball);
  const paths = publicPaths();
  typeCheck(paths);
  importAll(paths);
  node(home, join(installed, manifest.bin.sluice), '--help');
  process.stdout.write(`${files.length} files packed, ${paths.length} public paths\n`);
} catch (error) {
  process.stderr.write(
    `${error.stdout ?? ''}${error.stderr ?? ''}${error.stdout === undefined ? error.message : ''}\n`,
  );
  process.exitCode = 1;
} finally {
  rmSync(home, { recursive: true, force: true });
}

function pack() {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const told = run('.', npm, 'pack', '--json', '--ignore-scripts', '--pack-destination', home);
  const report = Object.values(JSON.parse(told))[0];
  return [join(home, report.filename), report.files.map((file) => file.path)];
}

/** Nothing but the library, its sources (source maps and "go to definition" lead there) and its papers. */
function refuseStrays(files) {
  const wanted = /^(?:dist|src|operators|proto)\/|^[A-Z]+(?:\.md)?$|^package\.json$/;
  const unwanted = /\.test\.|\.tsbuildinfo$|(?:^|\/)(?:test|fixtures|node_modules|bench)\//;
  const strays = files.filter((file) => !wanted.test(file) || unwanted.test(file));
  if (strays.length > 0) throw new Error(`files that do not belong in the package: ${strays.join(', ')}`);
}

function install(tarball) {
  mkdirSync(installed, { recursive: true });
  run(home, 'tar', 'xzf', tarball, '-C', installed, '--strip-components=1');
  const stated = { ...manifest.dependencies, ...manifest.peerDependencies, '@types/node': '', '@types/ws': '' };
  for (const name of Object.keys(stated)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(resolve('node_modules', name), join(modules, name), 'junction');
  }
}

function publicPaths() {
  const paths = Object.keys(manifest.exports).filter((path) => manifest.exports[path].types !== undefined);
  return paths.map((path) => manifest.name + path.slice(1));
}

/** Declarations are checked as well: those of the library must be whole after internal ones were stripped. */
function typeCheck(paths) {
  const lines = paths.map((path, i) => `export * as entry${i} from '${path}';`);
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(home, 'user.ts'), `${lines.join('\n')}\n`);
  const flags = '--module nodenext --target es2022 --lib es2024,dom,dom.iterable,dom.asynciterable,esnext.disposable';
  const tsc = resolve('node_modules/typescript/bin/tsc');
  try {
    node(home, tsc, ...flags.split(' '), '--strict', '--types', 'node', '--noEmit', '--pretty', 'false', 'user.ts');
  } catch (error) {
    const ours = `${error.stdout}`.split('\n').filter((line) => /^(?:user|node_modules\/sluice\/)/.test(line));
    if (ours.length > 0) throw new Error(ours.join('\n'), { cause: error });
  }
}

function importAll(paths) {
  const lines = paths.map((path) => `if (!(await import('${path}'))) throw new Error('${path}');`);
  writeFileSync(join(home, 'user.mjs'), lines.join('\n'));
  node(home, 'user.mjs');
}

function node(cwd, ...args) {
  return run(cwd, process.execPath, ...args);
}

function run(cwd, command, ...args) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: 'pipe', maxBuffer: 1 << 26 });
}
