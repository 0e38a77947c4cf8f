// `npm run mutate -- operators/ring.ts`: changes the file in every small way Stryker knows, one at a time, and tells which changes
// none of its tests noticed, and the score: the share that was noticed. Without files it takes all of `operators` and `src/chunk`,
// one after another. `operators/ring.ts:20-60` changes only these lines. What was found is kept in `.mutation`, and not run again
// while neither the file nor its tests change.
//
// The tests of a file are its mirror (`ring.test.ts`, `ring-….test.ts`) and those beside it that import the file, or all of the
// folder where there are none; the rest of the suite would notice more, much later. `--tests` lists them, `--scores` says what the
// last runs found; both run nothing. A change that keeps the tests busy for five seconds longer than they may take is noticed.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parseArgs } from 'node:util';

/** Least score that is good enough, in percent. */
const enough = 90;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { tests: { type: 'boolean' }, scores: { type: 'boolean' } },
});
const parts = positionals.length > 0 ? positionals : ['operators', 'src/chunk'].flatMap(sourcesIn);
const files = [...new Set(parts.map(fileOf))];
const unknown = files.filter((file) => !existsSync(file) || testsOf(file).length === 0);

if (unknown.length > 0) {
  console.error(`no file of the project that has tests: ${unknown.join(', ')}`);
  process.exitCode = 1;
} else if (values.tests) {
  for (const file of files) console.log(`${file}: ${testsOf(file).join(' ')}`);
} else {
  const failed = values.scores ? [] : parts.filter((part) => !mutate(part));
  tell(files.filter((file) => !failed.map(fileOf).includes(file)));
  if (failed.length > 0) {
    console.error(`not run to the end: ${failed.join(', ')}`);
    process.exitCode = 1;
  }
}

/** The file of which lines may be named. */
function fileOf(part) {
  return part.replace(/:\d+-\d+$/, '');
}

function sourcesIn(folder) {
  const names = readdirSync(folder).filter((name) => name.endsWith('.ts') && name !== 'index.ts');
  return names.map((name) => `${folder}/${name}`);
}

function testsOf(file) {
  const folder = posix.join('test', posix.dirname(file).replace(/^src\//, ''));
  if (!existsSync(folder)) return [];
  const name = posix.basename(file, '.ts');
  const path = `${posix.relative(folder, posix.dirname(file))}/${name}.js'`;
  const tests = readdirSync(folder).filter((test) => test.endsWith('.test.ts'));
  const its = tests.filter((test) => {
    return (
      test.startsWith(`${name}.`) ||
      test.startsWith(`${name}-`) ||
      readFileSync(join(folder, test), 'utf8').includes(path)
    );
  });
  return (its.length > 0 ? its : tests).map((test) => `${folder}/${test}`);
}

function mutate(part) {
  const file = fileOf(part);
  const stryker = ['node_modules/@stryker-mutator/core/bin/stryker.js', 'run', 'scripts/mutate/stryker.config.json'];
  const { status } = spawnSync(
    process.execPath,
    [...stryker, '--mutate', part, '--incrementalFile', reportPath(file), '--logLevel', 'error'],
    { stdio: 'inherit', env: { ...process.env, SLUICE_TESTS: testsOf(file).join(',') } },
  );
  if (status === 0) for (const line of survivorsIn(file)) console.log(line);
  return status === 0;
}

/** Each change that no test noticed, at its place. */
function survivorsIn(file) {
  const { source, mutants } = reportOf(file);
  const lines = source.split('\n');
  return mutants.filter(isMissed).map(({ location: { start, end }, replacement, mutatorName }) => {
    const was = lines[start.line - 1].slice(start.column - 1, start.line === end.line ? end.column - 1 : undefined);
    return `${file}:${start.line}:${start.column} ${mutatorName}: ${was} → ${replacement.replaceAll(/\s+/g, ' ')}`;
  });
}

function reportPath(file) {
  return `.mutation/${file}.json`;
}

/** What Stryker found in a file; nothing where nothing can be changed, as in types. */
function reportOf(file) {
  const { files: found } = existsSync(reportPath(file)) ? JSON.parse(readFileSync(reportPath(file), 'utf8')) : {};
  return found?.[file] ?? { source: '', mutants: [] };
}

/** One line a file, the worst first, and one for all of them. */
function tell(mutated) {
  const counts = mutated.filter((file) => existsSync(reportPath(file))).map((file) => ({ file, ...count(file) }));
  counts.sort((a, b) => score(a) - score(b));
  const all = { file: 'all', noticed: 0, missed: 0 };
  for (const { noticed, missed } of counts) {
    all.noticed += noticed;
    all.missed += missed;
  }
  for (const one of [...counts, all]) {
    console.log(`${score(one).toFixed(1).padStart(6)} %  ${one.noticed} of ${one.noticed + one.missed}  ${one.file}`);
  }
  if (score(all) < enough) process.exitCode = 1;
}

/** Changes that do not compile, or were left out, say nothing about the tests. */
function count(file) {
  const { mutants } = reportOf(file);
  const missed = mutants.filter(isMissed).length;
  const judged = mutants.filter(({ status }) =>
    ['Killed', 'Timeout', 'Survived', 'NoCoverage'].includes(status),
  ).length;
  return { noticed: judged - missed, missed };
}

/** With a change that keeps the test file from being loaded no test runs, and Stryker takes silence for consent. */
function isMissed({ status, testsCompleted }) {
  return status === 'NoCoverage' || (status === 'Survived' && testsCompleted !== 0);
}

function score({ noticed, missed }) {
  return noticed + missed === 0 ? 100 : (noticed / (noticed + missed)) * 100;
}
