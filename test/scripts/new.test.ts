import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readHouse } from '../house/house.js';
import { importRules } from '../house/imports.js';
import { paperRules } from '../house/papers.js';
import { sourceRules } from '../house/sources.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const copy = mkdtempSync(join(tmpdir(), 'sluice-new-'));
const left = new Set(['node_modules', 'dist', 'coverage', '.mutation', 'bench', '.git']);

/** What each command writes, and the words its red test meets the newcomer with. */
const begun = {
  'operator slow-down': {
    sources: ['operators/slow-down.ts'],
    red: ['slowDown does what? Write it here as a sentence, and in place of the ? what comes out'],
  },
  'log paper': { sources: ['src/log/paper.ts'], red: ['write PaperLog.create in src/log/paper.ts'] },
  'source pages': {
    sources: ['src/source/pages.ts'],
    red: ['fromPages reads what? Write it here as a sentence, and in place of the ? what comes out'],
  },
  'transport pigeon': {
    sources: ['src/transport/pigeon/client.ts', 'src/transport/pigeon/server.ts'],
    red: ['write openLink in src/transport/pigeon/client.ts', 'write connection in src/transport/pigeon/server.ts'],
  },
} as const;

/** What is read of vitest's JSON report. */
interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

const allSources: readonly string[] = Object.values(begun).flatMap(({ sources }) => sources);

function testOf(source: string): string {
  return `test/${source.replace(/^src\//, '').replace('.ts', '.test.ts')}`;
}

function begin(...args: string[]) {
  return spawnSync(process.execPath, ['scripts/new.mjs', ...args], { cwd: copy, encoding: 'utf8' });
}

beforeAll(() => {
  cpSync(root, copy, { recursive: true, filter: (path) => !left.has(basename(path)) });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
  for (const command of Object.keys(begun)) {
    const { status, stderr } = begin(...command.split(' '));
    if (status !== 0) throw new Error(`npm run new ${command}: ${stderr}`);
  }
}, 120_000);

afterAll(() => rmSync(copy, { recursive: true, force: true }));

// It starts compilers and test runs of its own.
describe('npm run new', { timeout: 120_000 }, () => {
  it('writes files that type-check', () => {
    const files = allSources.flatMap((source) => [source, testOf(source)]);
    // These, and what they import: all else has been checked where it came from.
    writeFileSync(join(copy, 'tsconfig.new.json'), JSON.stringify({ extends: './tsconfig.json', include: files }));
    const tsc = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.new.json', '--pretty', 'false'];
    const told = spawnSync(process.execPath, [...tsc, '--listFilesOnly'], { cwd: copy, encoding: 'utf8' });
    expect(files.filter((file) => !told.stdout.includes(file))).toEqual([]);
    const { stdout } = spawnSync(process.execPath, tsc, { cwd: copy, encoding: 'utf8' });
    const lines = stdout.split('\n');
    expect(lines.filter((line) => files.some((file) => line.startsWith(file)))).toEqual([]);
  });

  it('writes files that keep the rules of the house', () => {
    const house = readHouse(copy);
    const breaks = [...importRules, ...sourceRules, ...paperRules].flatMap(({ broken }) => broken(house));
    expect(breaks.filter((line) => allSources.some((source) => line.includes(source)))).toEqual([]);
  });

  it('writes tests that are red and say what to write', () => {
    const run = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=json', ...allSources.map(testOf)];
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')));
    const { stdout } = spawnSync(process.execPath, run, { cwd: copy, encoding: 'utf8', env });
    const { testResults } = JSON.parse(stdout) as Report;
    const failed = testResults.flatMap((file) => file.assertionResults).filter(({ status }) => status === 'failed');
    const heard = failed.map(({ fullName, failureMessages }) => [fullName, ...failureMessages].join('\n'));
    for (const { red } of Object.values(begun)) {
      for (const words of red) expect(heard).toContainEqual(expect.stringContaining(words));
    }
  });

  it('writes an operator that keeps the laws from the start', () => {
    const run = ['node_modules/vitest/vitest.mjs', 'run', '-t', 'keeps the laws', 'test/operators/slow-down.test.ts'];
    expect(() => execFileSync(process.execPath, run, { cwd: copy, stdio: 'ignore' })).not.toThrow();
  });

  it('writes a program that shows the operator and prints what it says', () => {
    const program = readFileSync(join(copy, 'examples/operators/slow-down.ts'), 'utf8');
    expect(program).toContain("import { slowDown } from 'sluice/operators';");
    const run = ['node_modules/vitest/vitest.mjs', 'run', '-t', 'slow-down', 'test/operator-examples.test.ts'];
    expect(() => execFileSync(process.execPath, run, { cwd: copy, stdio: 'ignore' })).not.toThrow();
  });

  it('gives them their exports, in order', () => {
    const { exports } = JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8')) as { exports: object };
    const paths = Object.keys(exports).map((path) => path.slice(2));
    const added = allSources.map((source) => source.replace(/^src\/|\.ts$/g, ''));
    expect(paths).toEqual(expect.arrayContaining(added));
    const operators = paths.filter((path) => path.startsWith('operators/'));
    expect(operators).toEqual(operators.toSorted());
  });

  it('lists the operator and announces all of it', () => {
    expect(readFileSync(join(copy, 'operators/index.ts'), 'utf8')).toContain("export * from './slow-down.js';");
    const news = readFileSync(join(copy, 'CHANGELOG.md'), 'utf8');
    expect(news).toMatch(/## \[Unreleased\]\s+### Added\s+- A transport, Pigeon \(`sluice\/transport\/pigeon\/client`/);
    expect(news).toContain('- The operator `slowDown` (`sluice/operators/slow-down`): say what for.');
  });

  it.each([
    [[], 'say what: npm run new operator|log|source|transport NAME'],
    [['pipeline', 'x'], 'say what: npm run new operator|log|source|transport NAME'],
    [['operator'], 'say its name in kebab-case, such as gap-timeout'],
    [['operator', 'SlowDown'], 'say its name in kebab-case, such as gap-timeout'],
    [['operator', '../pace'], 'say its name in kebab-case, such as gap-timeout'],
    [['operator', 'slow-down'], 'operators/slow-down.ts is there already'],
  ])('refuses %j', (args, why) => {
    const { status, stderr } = begin(...args);
    expect([status, stderr.trim()]).toEqual([1, why]);
  });
});
