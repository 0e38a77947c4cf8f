import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inputOption, jsonOrText, readInput } from '../../src/cli/input.js';

describe('readInput', () => {
  it('reads JSON, or that of a file', async () => {
    expect(await readInput(undefined)).toBeUndefined();
    expect(await readInput('{"a":[1]}')).toEqual({ a: [1] });
    const folder = await mkdtemp(join(tmpdir(), 'sluice-input-'));
    const file = join(folder, 'input.json');
    await writeFile(file, 'null');
    expect(await readInput(`@${file}`)).toBeNull();
    await writeFile(file, '{');
    await expect(readInput(`@${file}`)).rejects.toThrow(`${file} is not JSON`);
    await rm(folder, { recursive: true });
  });

  it('says how a text is written', async () => {
    await expect(readInput('hello')).rejects.toThrow(/^--input is not JSON: .*a text stands in quotes/);
    expect(inputOption().long).toBe('--input');
  });
});

describe('jsonOrText', () => {
  it.each([
    ['true', true],
    ['{"a":1}', { a: 1 }],
    ['"7"', '7'],
    ['yes, please', 'yes, please'],
  ])('takes %s for %j', (given, value) => {
    expect(jsonOrText(given)).toEqual(value);
  });
});
