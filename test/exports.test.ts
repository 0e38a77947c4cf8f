import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { camelName, isIndex, isInternal, readHouse } from './house/house.js';

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const { name, exports, bin } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as Manifest;
const { files, sources } = readHouse(root);

/** Every path a user can import, as `operators/batch`, with its targets and the source file behind it. */
const entries = Object.entries(exports).flatMap(([key, targets]) => {
  if (typeof targets === 'string') return [];
  return [{ path: key.slice(2), targets, source: targets['sluice-source']?.slice(2) ?? '' }];
});

/**
 * Where users import file by file; of every other room they see the index. An adapter that is a folder shows its client and
 * its server: what lies beside them is its own.
 */
const openFile =
  /^(?:operators|src\/(?:source|log|bus|queue|transport|format))\/(?:[^/]+|[^/]+\/(?:client|server))\.ts$/;

/** The files users see, where they see files: all that do not say of themselves that they are internal. */
const publicFiles = sources.filter((file) => openFile.test(file.path) && !isIndex(file) && !isInternal(file));

describe('exports', () => {
  for (const { path, targets, source } of entries) {
    it(`${path} is the path of a file`, () => {
      const room = path.startsWith('operators') ? '' : 'src/';
      const last = path.split('/').at(-1);
      expect(['.ts', '/index.ts', `/${last}.ts`].map((end) => room + path + end)).toContain(source);
      expect(files.has(source), `${source} is not there`).toBe(true);
    });

    it(`${path} names the source for ourselves, then the types, then the JavaScript of the same file`, () => {
      const file = source.replace(/\.ts$/, '');
      expect(Object.entries(targets)).toEqual([
        ['sluice-source', `./${file}.ts`],
        ['types', `./dist/${file}.d.ts`],
        ['default', `./dist/${file}.js`],
      ]);
    });

    it(`${path} can be imported`, async () => {
      await expect(import(/* @vite-ignore */ `${name}/${path}`)).resolves.toBeTypeOf('object');
    });
  }

  it('reach every public file', () => {
    const sourcesOfEntries = new Set(entries.map(({ source }) => source));
    const shown = sources.filter(({ path }) => sourcesOfEntries.has(path));
    const passedOn = shown.flatMap(({ imports }) => imports.filter(({ passed }) => passed).map(({ target }) => target));
    const reached = new Set([...sourcesOfEntries, ...passedOn]);
    const missing = publicFiles.map(({ path }) => path).filter((path) => !reached.has(path));
    expect(missing, 'add them to exports in package.json, or mark all they export @internal').toEqual([]);
  });

  it('reach nothing internal', () => {
    const internal = new Set(sources.filter((file) => isInternal(file)).map((file) => file.path));
    expect(entries.filter(({ source }) => internal.has(source))).toEqual([]);
  });

  it.each(['operators/operate', 'src/chunk/chunk', 'dist/operators/index.js'])('keep %s to ourselves', (path) => {
    const { resolve } = createRequire(import.meta.url);
    expect(() => resolve(`${name}/${path}`)).toThrow('not defined by "exports"');
  });

  it('list every operator in sluice/operators', async () => {
    const listed: Record<string, unknown> = await import('sluice/operators');
    const operators = publicFiles.map(({ path }) => path).filter((path) => path.startsWith('operators/'));
    const missing = operators.filter((path) => typeof listed[camelName(path)] !== 'function');
    expect(missing, 'add them to operators/index.ts').toEqual([]);
  });

  it('put a command where the build emits it', () => {
    for (const target of Object.values(bin)) {
      const source = target.replace('./dist/', '').replace('.js', '.ts');
      expect(files.get(source)?.split('\n')[0], source).toBe('#!/usr/bin/env node');
    }
  });
});
