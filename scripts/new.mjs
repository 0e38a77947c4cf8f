// `npm run new operator|log|transport|source NAME` begins something new: the files with the right heads, a test that is red
// until you have drawn what you want, the exports, and a line in the changelog. The templates are in scripts/new/.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** For each kind: its files with their templates, how the changelog announces it, and a program that shows it. */
const kinds = {
  operator: {
    files: { 'operators/{{kebab}}': 'operator' },
    news: 'The operator `{{camel}}`',
    example: 'examples/operators/{{kebab}}.ts',
  },
  log: { files: { 'src/log/{{kebab}}': 'log' }, news: 'A log, {{Pascal}}' },
  source: { files: { 'src/source/{{kebab}}': 'source' }, news: 'The source `from{{Pascal}}`' },
  transport: {
    files: {
      'src/transport/{{kebab}}/client': 'transport-client',
      'src/transport/{{kebab}}/server': 'transport-server',
    },
    news: 'A transport, {{Pascal}}',
  },
};

const [kind = '', name = ''] = process.argv.slice(2);
if (!Object.hasOwn(kinds, kind)) stop(`say what: npm run new ${Object.keys(kinds).join('|')} NAME`);
if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name)) stop('say its name in kebab-case, such as gap-timeout');

const camel = name.replaceAll(/-(\w)/g, (_, letter) => letter.toUpperCase());
const words = { kebab: name, camel, Pascal: camel[0].toUpperCase() + camel.slice(1) };
const files = Object.entries(kinds[kind].files).map(([path, template]) => ({ path: fill(path), template }));
const example = kinds[kind].example && fill(kinds[kind].example);
const written = [...files.flatMap(({ path }) => [`${path}.ts`, testOf(path)]), ...(example ? [example] : [])];
const taken = written.find((path) => existsSync(path));
if (taken !== undefined) stop(`${taken} is there already`);

for (const { path, template } of files) {
  write(`${path}.ts`, fill(read(`scripts/new/${template}.ts.txt`)));
  write(testOf(path), fill(read(`scripts/new/${template}.test.ts.txt`)));
}
if (example) write(example, fill(read(`scripts/new/${kind}.example.ts.txt`)));
addExports();
if (kind === 'operator') addToIndex();
addNews();
const changed = [...written, 'package.json', 'CHANGELOG.md'];
spawnSync(process.execPath, ['node_modules/oxfmt/bin/oxfmt', ...changed], { stdio: 'ignore' });

const tests = files.map(({ path }) => testOf(path)).join(' ');
console.log(`Written: ${written.join(', ')}\nIts test is red. Begin there: npx vitest ${tests}`);

function addExports() {
  const manifest = JSON.parse(read('package.json'));
  const entries = Object.entries(manifest.exports);
  for (const { path } of files) {
    const key = keyOf(path);
    const room = key.split('/').slice(0, 2).join('/');
    const behind = entries.findLastIndex(([other]) => other === room || (other.startsWith(`${room}/`) && other < key));
    const targets = { 'sluice-source': `./${path}.ts`, types: `./dist/${path}.d.ts`, default: `./dist/${path}.js` };
    entries.splice(behind < 0 ? entries.length - 1 : behind + 1, 0, [key, targets]);
  }
  write('package.json', `${JSON.stringify({ ...manifest, exports: Object.fromEntries(entries) }, undefined, 2)}\n`);
}

function addToIndex() {
  const index = 'operators/index.ts';
  const lines = read(index).trimEnd().split('\n');
  const first = lines.findIndex((line) => line.startsWith('export '));
  const list = [...lines.slice(first), `export * from './${name}.js';`];
  list.sort((a, b) => (a < b ? -1 : 1));
  write(index, `${[...lines.slice(0, first), ...list].join('\n')}\n`);
}

function addNews() {
  const paths = files.map(({ path }) => `\`${keyOf(path).replace('.', 'sluice')}\``).join(', ');
  const line = `- ${fill(kinds[kind].news)} (${paths}): say what for.`;
  const text = read('CHANGELOG.md');
  const added = /^## \[Unreleased\]\s+### Added\n/m;
  write(
    'CHANGELOG.md',
    text.replace(added, (heading) => `${heading}\n${line}`),
  );
}

function keyOf(path) {
  return `./${path.replace(/^src\//, '')}`;
}

function testOf(path) {
  return `test/${path.replace(/^src\//, '')}.test.ts`;
}

function fill(text) {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, word) => words[word]);
}

function read(path) {
  return readFileSync(path, 'utf8');
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function stop(why) {
  console.error(why);
  process.exit(1);
}
