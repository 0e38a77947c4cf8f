import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const folder = fileURLToPath(new URL('../examples/operators/', import.meta.url));
const operators = readdirSync(folder).map((file) => file.replace(/\.ts$/, ''));

/** Runs a program in virtual time until it has come to its end, and gives what it printed. */
async function outputOf(operator: string): Promise<string> {
  const printed: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((...words: unknown[]) => void printed.push(format(...words)));
  let ended = false;
  const stop = (): void => void (ended = true);
  const end = import(`../examples/operators/${operator}.ts`);
  void end.then(stop, stop);
  while (!ended) await vi.advanceTimersByTimeAsync(1);
  await end;
  return printed.join('\n');
}

describe('examples/operators', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it.each(operators)('%s prints what its last lines say', async (operator) => {
    const text = readFileSync(`${folder}${operator}.ts`, 'utf8').trimEnd();
    const said = /(?:\n\/\/ .*)+$/.exec(text)?.[0] ?? '';
    expect(await outputOf(operator)).toBe(said.replaceAll('\n// ', '\n').slice(1));
    expect(text.split('\n').length).toBeLessThanOrEqual(15);
  });
});
