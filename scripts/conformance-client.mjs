// `npm run conformance:client -- PATH`: runs the public client suite of Durable Streams (PATH is a checkout of
// github.com/durable-streams/durable-streams) against `sluice/transport/http/client`. What it needs is taken from here, the
// published reference server among it; nothing of the suite becomes part of the project. Further arguments go to the suite.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const adapter = fileURLToPath(new URL('conformance-client/adapter.mjs', import.meta.url));
const [path, ...others] = process.argv.slice(2);
const suite = join(path ?? '', 'packages', 'client-conformance-tests');

if (path === undefined || !existsSync(join(suite, 'test-cases'))) {
  process.stderr.write('usage: npm run conformance:client -- PATH-TO-A-CHECKOUT-OF-durable-streams [--verbose …]\n');
  process.exit(2);
}

const home = mkdtempSync(join(tmpdir(), 'sluice-conformance-'));
try {
  for (const part of ['package.json', 'src', 'test-cases'])
    cpSync(join(suite, part), join(home, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'), 'junction');
  const tsx = pathToFileURL(join(root, 'node_modules/tsx/dist/loader.mjs')).href;
  const { status } = spawnSync(
    process.execPath,
    ['--import', tsx, join(home, 'src/cli.ts'), '--run', adapter, ...others],
    {
      stdio: 'inherit',
    },
  );
  process.exitCode = status ?? 1;
} finally {
  rmSync(home, { recursive: true, force: true });
}
