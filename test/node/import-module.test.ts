import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importModule } from '../../src/node/import-module.js';
import { run } from '../run.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-module-'));
  writeFileSync(join(folder, 'good.mjs'), 'export const answer = 42;');
  writeFileSync(join(folder, 'bad.mjs'), 'throw new Error("not today");');
  writeFileSync(join(folder, 'new.language'), 'answer := 42');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('importModule', () => {
  it('imports a file', async () => {
    expect(await importModule(join(folder, 'good.mjs'))).toMatchObject({ answer: 42 });
  });

  it('fails as the module does', async () => {
    await expect(importModule(join(folder, 'bad.mjs'))).rejects.toThrow('not today');
  });

  it('says what to do about a language that this Node does not read', async () => {
    // In a process of its own: here the test runner reads it.
    const { stderr } = await run('src/cli/main.ts', ['run', join(folder, 'new.language')]).ended;
    expect(stderr).toMatch(/this Node cannot read .*new\.language: hand it JavaScript, or install tsx/);
  });
});
