import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/mutate.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sluice-mutate-'));

const importsPace = "import { pace } from '../../operators/pace.js';\n";

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function report(file: string, ...statuses: string[]): void {
  write(
    `.mutation/${file}.json`,
    JSON.stringify({ files: { [file]: { mutants: statuses.map((status) => ({ status })) } } }),
  );
}

function mutate(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { cwd: folder, encoding: 'utf8' });
  return { status, lines: stdout.trimEnd().split('\n'), stderr };
}

beforeAll(() => {
  for (const file of ['operators/index.ts', 'operators/pace.ts', 'src/chunk/mark.ts', 'src/chunk/shape.ts'])
    write(file, '');
  for (const test of ['pace.test.ts', 'pace-bursts.test.ts', 'paces.test.ts']) write(`test/operators/${test}`, '');
  write('test/operators/chain.test.ts', importsPace);
  write('test/operators/chain.ts', importsPace);
  write('test/log/memory.test.ts', importsPace);
  write('test/chunk/mark.test.ts', "import { mark } from '../../src/chunk/mark.js';\n");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('mutate', () => {
  it('runs the mirror of a file, and the tests beside it that import the file', () => {
    expect(mutate('--tests', 'operators/pace.ts').lines).toEqual([
      'operators/pace.ts: test/operators/chain.test.ts test/operators/pace-bursts.test.ts test/operators/pace.test.ts',
    ]);
  });

  it('runs the same tests for some lines of a file', () => {
    expect(mutate('--tests', 'operators/pace.ts:20-60').lines).toEqual(mutate('--tests', 'operators/pace.ts').lines);
  });

  it('takes all files without being told one, and all tests of the folder for a file that has none', () => {
    const { lines, status } = mutate('--tests');
    expect(lines.map((line) => line.split(':')[0])).toEqual([
      'operators/pace.ts',
      'src/chunk/mark.ts',
      'src/chunk/shape.ts',
    ]);
    expect(lines.at(-1)).toBe('src/chunk/shape.ts: test/chunk/mark.test.ts');
    expect(status).toBe(0);
  });

  it('names what it does not know', () => {
    expect(mutate('--tests', 'operators/pace.ts', 'operators/space.ts')).toEqual({
      status: 1,
      lines: [''],
      stderr: 'no file of the project that has tests: operators/space.ts\n',
    });
  });

  it('scores the changes that were noticed, the worst file first', () => {
    report('operators/pace.ts', 'Killed', 'Killed', 'Timeout', 'CompileError', 'Ignored');
    report('src/chunk/mark.ts', 'Killed', 'Survived', 'NoCoverage', 'Killed');
    expect(mutate('--scores')).toMatchObject({
      lines: ['  50.0 %  2 of 4  src/chunk/mark.ts', ' 100.0 %  3 of 3  operators/pace.ts', '  71.4 %  5 of 7  all'],
      status: 1,
    });
  });

  it('takes a change that keeps the tests from being loaded as noticed', () => {
    const mutants = [
      { status: 'Survived', testsCompleted: 0 },
      { status: 'Survived', testsCompleted: 3 },
    ];
    write('.mutation/operators/pace.ts.json', JSON.stringify({ files: { 'operators/pace.ts': { mutants } } }));
    expect(mutate('--scores', 'operators/pace.ts').lines).toContain('  50.0 %  1 of 2  operators/pace.ts');
  });

  it('is content with nine of ten', () => {
    report('operators/pace.ts', ...Array.from({ length: 9 }, () => 'Killed'), 'Survived');
    expect(mutate('--scores', 'operators/pace.ts').status).toBe(0);
    report('operators/pace.ts', ...Array.from({ length: 8 }, () => 'Killed'), 'Survived');
    expect(mutate('--scores', 'operators/pace.ts').status).toBe(1);
  });

  it('says which file could not be run to the end, and gives it no score', () => {
    const { status, stderr, lines } = mutate('operators/pace.ts:1-9');
    expect(stderr).toContain('not run to the end: operators/pace.ts:1-9\n');
    expect(lines).toEqual([' 100.0 %  0 of 0  all']);
    expect(status).toBe(1);
  });
});
