// Builds dist/ from scratch: JavaScript, types and maps by the compiler, then what it leaves out — files beside the sources
// that are not TypeScript, and the mark that makes the command executable.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildMonitor } from './monitor.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

rmSync('dist', { recursive: true, force: true });
try {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  });
} catch {
  // The compiler has said what is wrong.
  process.exit(1);
}

// What belongs to the page goes to its own folder, in one piece.
await buildMonitor('dist/monitor');
const isAsset = (path) => statSync(path).isDirectory() || !/\.(?:ts|css)$|icon\.svg$/.test(path);
for (const room of ['src', 'operators']) cpSync(room, join('dist', room), { recursive: true, filter: isAsset });

const { bin } = JSON.parse(readFileSync('package.json', 'utf8'));
for (const file of Object.values(bin)) if (existsSync(file)) chmodSync(file, 0o755);
