// `npm run proto`: writes src/transport/connect/streams-pb.ts from proto/. With `--check` it writes nothing and tells whether what
// is there is current, by its exit code.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const target = 'src/transport/connect/streams-pb.ts';

/** What protoc-gen-es makes of the definitions, formatted as everything here is. */
function generate() {
  const out = mkdtempSync(join(tmpdir(), 'sluice-proto-'));
  const run = (program, ...args) =>
    execFileSync(process.execPath, [join('node_modules', program), ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  try {
    const plugin = { local: ['node', 'node_modules/@bufbuild/protoc-gen-es/bin/protoc-gen-es'], out, opt: 'target=ts' };
    const template = JSON.stringify({ version: 'v2', plugins: [plugin] });
    run('@bufbuild/buf/bin/buf', 'generate', 'proto', '--template', template);
    const file = join(out, 'sluice/v1/streams_pb.ts');
    // Our own rules hold for it.
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/^\/\* eslint-disable \*\/\n/gm, ''));
    run('oxfmt/bin/oxfmt', '-c', '.oxfmtrc.json', file);
    return readFileSync(file, 'utf8');
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

const text = generate();
if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (text !== readFileSync(target, 'utf8')) {
  console.error(`${target} is not what proto/ says. To mend it: npm run proto`);
  process.exitCode = 1;
}
