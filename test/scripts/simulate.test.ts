import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

function simulate(...args: string[]): { code: number | null; out: string; error: string } {
  const node = ['-C', 'sluice-source', '--import', 'tsx', 'scripts/simulate.ts', ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, node, { cwd: root, encoding: 'utf8' });
  return { code: status, out: stdout, error: stderr };
}

describe('simulate', () => {
  it('runs as many seeds as told, from the one told, and says what they amounted to', () => {
    const { code, out } = simulate('--seeds', '3', '--seed', '40');
    expect(out).toMatch(/^3 seeds from 40: 0 failed; \d+ chunks in \d+ messages and [\d.]+ virtual hours; /);
    expect(code).toBe(0);
  });

  it('runs one seed again', () => {
    expect(simulate('--seed', '7').out).toMatch(/^1 seed from 7: 0 failed; /);
  });

  it.each([
    [['--seeds', '0'], '--seeds must be a whole number of at least 1, got 0'],
    [['--seed', 'x'], '--seed must be a whole number of at least 0, got x'],
    [['--sed', '1'], "Unknown option '--sed'"],
  ])('refuses %j', (args, message) => {
    const { code, error } = simulate(...args);
    expect(error).toContain(message);
    expect(error).toContain('usage: npm run simulate -- [--seeds N] [--seed S]');
    expect(code).toBe(2);
  });
});
