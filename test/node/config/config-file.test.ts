import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../run.js';
import { findConfigFile, readConfigFile } from '../../../src/node/config/config-file.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

describe('configFile', () => {
  it.each([
    ['sluice.config.toml', 'port = 80\n[sse]\nretryMs = 5\n'],
    ['sluice.config.json', '{ "port": 80, "sse": { "retryMs": 5 } }'],
    ['sluice.config.yaml', 'port: 80\nsse: { retryMs: 5 }\n'],
    ['sluice.config.yml', 'port: 80\nsse:\n  retryMs: 5\n'],
    ['sluice.config.ts', 'export default { port: 80 as number, sse: { retryMs: 5 } };'],
    ['sluice.config.mjs', 'export default { port: 80, sse: { retryMs: 5 } };'],
  ])('finds and reads %s', async (name, text) => {
    expect(findConfigFile(folder)).toBeUndefined();
    file(name, text);
    expect(findConfigFile(folder)).toBe(join(folder, name));
    expect(await readConfigFile(join(folder, name))).toEqual({ port: 80, sse: { retryMs: 5 } });
  });

  it('takes a file of comments for one that says nothing', async () => {
    expect(await readConfigFile(file('a.yaml', '# nothing yet\n'))).toEqual({});
    expect(await readConfigFile(file('a.toml', '# nothing yet\n'))).toEqual({});
  });

  it('refuses two at once', () => {
    file('sluice.config.json', '{}');
    file('sluice.config.toml', '');
    expect(() => findConfigFile(folder)).toThrow(
      'there are several configuration files, keep one: sluice.config.toml, sluice.config.json',
    );
  });

  it.each([
    ['a.toml', 'port =', 'a.toml cannot be read: '],
    ['a.json', '{', 'a.json cannot be read: '],
    ['a.yaml', 'a: [', 'a.yaml cannot be read: '],
    ['a.mjs', 'throw new Error("not today")', 'a.mjs cannot be read: not today'],
    ['b.mjs', 'export const port = 80;', 'b.mjs must export its settings as default'],
    ['b.ts', 'export const port: number = 80;', 'b.ts must export its settings as default'],
    ['a.ini', 'port=80', 'must be one of .toml, .json'],
  ])('says what is wrong with %s', async (name, text, message) => {
    await expect(readConfigFile(file(name, text))).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining(message) as unknown,
    });
  });

  it.each([
    ['smol-toml', 'sluice.config.toml'],
    ['yaml', 'sluice.config.yaml'],
  ])('says that %s is to be installed when it is not there', async (name, wanted) => {
    const { stdout } = await run('test/node/without-package.ts', [name, file(wanted, '')]).ended;
    expect(stdout.toString()).toBe(`config-invalid: such a file needs the package "${name}": npm install ${name}\n`);
  });

  it('says when there is none', async () => {
    await expect(readConfigFile(join(folder, 'none.json'))).rejects.toThrow('none.json cannot be read: ENOENT');
  });
});
