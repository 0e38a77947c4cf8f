import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DockerfileParser } from 'dockerfile-ast';
import { describe, expect, it } from 'vitest';
import { configSchema } from '../../src/node/config/index.js';
import { serveCommand } from '../../src/cli/commands/serve.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const said = DockerfileParser.parse(readFileSync(`${root}Dockerfile`, 'utf8'))
  .getInstructions()
  .map((instruction) => ({ word: instruction.getKeyword(), text: instruction.toString().replace(/^\w+\s+/, '') }));
const all = (word: string) => said.filter((one) => one.word === word).map(({ text }) => text);
const last = said.slice(said.findLastIndex(({ word }) => word === 'FROM'));
const inLast = (word: string) => last.filter((one) => one.word === word).map(({ text }) => text);
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as Record<string, Record<string, string>>;

describe('the image', () => {
  it('is built in one stage and runs in another, on the same Node that is pinned and not too old', () => {
    const bases = all('FROM').map((text) => text.split(' ')[0]!);
    expect(bases).toHaveLength(2);
    expect(new Set(bases).size).toBe(1);
    expect(bases[0]).toMatch(/^node:\d+-\w+-slim$/);
  });

  it('belongs to nobody with power, and takes nothing of the build but what runs', () => {
    expect(inLast('USER')).toEqual(['node']);
    const since = last.findIndex(({ word }) => word === 'USER');
    expect(last.slice(since).map(({ word }) => word)).not.toContain('RUN');
    expect(inLast('COPY').map((text) => text.split(' ').slice(0, -1).join(' '))).toEqual([
      '--from=build /build/package.json',
      '--from=build /build/node_modules',
      '--from=build /build/dist',
    ]);
  });

  it('installs what the lock says, and runs no scripts of others', () => {
    const installs = all('RUN').filter((text) => /\bnpm (?:ci|install)\b/.test(text));
    expect(installs).toHaveLength(2);
    for (const text of installs) expect(text).toContain('--ignore-scripts');
    expect(installs[0]).toContain('npm ci');
    expect(installs[1]).toContain('--omit=dev');
  });

  it('says how it is, and can be told to stop', () => {
    const [check = ''] = inLast('HEALTHCHECK');
    expect(check).toContain('/healthz');
    // A shell in between would not hand on the signal.
    for (const word of ['ENTRYPOINT', 'CMD']) expect(inLast(word)[0]).toMatch(/^\[/);
    expect(JSON.parse(inLast('ENTRYPOINT')[0]!)).toEqual(['node', manifest['bin']!['sluice']!.slice(2)]);
    expect(serveCommand().name()).toBe((JSON.parse(inLast('CMD')[0]!) as string[])[0]);
  });

  it('has settings that there are', () => {
    const names = inLast('ENV').flatMap((text) => text.split(' ').map((pair) => pair.split('=')[0]!));
    const known = Object.keys(configSchema.shape).map((name) => `SLUICE_${name.toUpperCase()}`);
    for (const name of names) if (name !== 'NODE_ENV') expect(known).toContain(name);
  });

  it('is given the files that it copies and builds of', () => {
    const patterns = readFileSync(`${root}.dockerignore`, 'utf8')
      .match(/^!.*/gm)!
      .map((line) => line.slice(1));
    for (const pattern of patterns) if (!pattern.includes('*')) expect(existsSync(root + pattern), pattern).toBe(true);
    expect(patterns).toEqual(
      expect.arrayContaining(['package.json', 'package-lock.json', 'src', 'operators', 'scripts']),
    );
    expect(patterns.filter((pattern) => /test|bench|\.git$/.test(pattern))).toEqual([]);
  });
});

describe('production.mjs', () => {
  it('leaves of a manifest what a server runs with, in the versions it was tested with', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-production-'));
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    execFileSync(process.execPath, [join(root, 'deploy/production.mjs')], { cwd: folder });
    const made = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as typeof manifest;
    rmSync(folder, { recursive: true });
    expect(made).not.toHaveProperty('devDependencies');
    expect(made).not.toHaveProperty('scripts');
    const { devDependencies, dependencies } = manifest;
    expect(made['dependencies']).toMatchObject({
      ...dependencies,
      ws: devDependencies!['ws'],
      ioredis: devDependencies!['ioredis'],
      lmdb: devDependencies!['lmdb'],
      pino: devDependencies!['pino'],
    });
    for (const tool of ['vitest', 'typescript', 'fast-check']) expect(made['dependencies']).not.toHaveProperty(tool);
  });
});
