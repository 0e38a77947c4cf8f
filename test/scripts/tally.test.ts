import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/tally.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sluice-tally-'));
const path = join(folder, 'report.json');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function tally(report: string): string {
  writeFileSync(path, report);
  return execFileSync(process.execPath, [script, path], { encoding: 'utf8' });
}

const good = {
  success: true,
  numPassedTests: 412,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [{ status: 'passed', assertionResults: [{ status: 'passed' }] }],
};

describe('tally', () => {
  it('says how many tests passed and failed', () => {
    expect(tally(JSON.stringify(good))).toBe('412 passed, 0 failed\n');
    const testResults = [{ status: 'failed', assertionResults: [{ status: 'failed' }] }];
    const bad = { ...good, success: false, numFailedTests: 1, testResults };
    expect(tally(JSON.stringify(bad))).toBe('412 passed, 1 failed\n');
  });

  it('says how many were left out', () => {
    expect(tally(JSON.stringify({ ...good, numPendingTests: 2, numTodoTests: 1 }))).toBe(
      '412 passed, 0 failed, 3 skipped\n',
    );
  });

  it('counts a file that could not run as a failure', () => {
    const testResults = [...good.testResults, { status: 'failed', assertionResults: [] }];
    expect(tally(JSON.stringify({ ...good, success: false, testResults }))).toBe('412 passed, 1 failed\n');
  });

  it('never calls a run good that was not', () => {
    expect(tally(JSON.stringify({ ...good, success: false }))).toBe('412 passed, 1 failed\n');
    expect(tally('')).toBe('0 passed, 1 failed\n');
  });
});
