import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { camelName, isIndex, isInternal, readHouse, type SourceFile } from './house/house.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const { name, exports, bin } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as Manifest;
const { sources } = readHouse(root);

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | null | Record<string, string>>>;
  readonly bin: Readonly<Record<string, string>>;
}

/** An importable path and the source file behind it. */
interface Entry {
  readonly path: string;
  readonly source: string;
}

const refused = new Set(Object.keys(exports).filter((key) => exports[key] === null));

/** All entries, patterns spelled out. */
const entries: readonly Entry[] = Object.entries(exports).flatMap(([key, target]) => {
  if (target === null || typeof target === 'string') return [];
  const source = target['sluice-source']?.replace(/^\.\//, '') ?? '';
  if (!key.includes('*')) return [{ path: key, source }];
  const [before = '', after = ''] = source.split('*');
  return sources
    .filter(({ path }) => path.startsWith(before) && path.endsWith(after))
    .map(({ path }) => ({ path: key.replace('*', path.slice(before.length, -after.length)), source: path }))
    .filter((entry) => !refused.has(entry.path));
});

const table = entries.map(({ path, source }) => [path, source] as const);

/** Rooms whose files users import one by one. In every other room the index, where there is one, is all they see. */
const openRooms = /^(?:operators|src\/(?:source|log|bus|queue|transport|format))\//;

const openFiles = sources.filter((file) => openRooms.test(file.path) && !isIndex(file));

function paths(files: readonly SourceFile[]): string[] {
  return files.map((file) => file.path);
}

describe('exports', () => {
  it('name the source for ourselves, then the types, then the JavaScript of the same file', () => {
    for (const [key, target] of Object.entries(exports)) {
      if (target === null || typeof target === 'string') continue;
      const source = target['sluice-source']?.replace(/^\.\/|\.ts$/g, '');
      const wanted = [
        ['sluice-source', `./${source}.ts`],
        ['types', `./dist/${source}.d.ts`],
        ['default', `./dist/${source}.js`],
      ];
      expect(Object.entries(target), key).toEqual(wanted);
    }
  });

  it.each(table)('%s is the path of a file', (path, source) => {
    const short = path.replace('./', '');
    const last = short.split('/').at(-1);
    const room = short.startsWith('operators') ? '' : 'src/';
    expect(['.ts', '/index.ts', `/${last}.ts`].map((end) => `${room}${short}${end}`)).toContain(source);
    expect(existsSync(root + source)).toBe(true);
  });

  it.each(table)('%s can be imported', async (path) => {
    await expect(import(/* @vite-ignore */ path.replace('.', name))).resolves.toBeTypeOf('object');
  });

  it('reach every file of an open room, unless all it exports is marked @internal', () => {
    const reached = new Set(entries.map(({ source }) => source));
    expect(paths(openFiles.filter((file) => !isInternal(file))).filter((path) => !reached.has(path))).toEqual([]);
  });

  it('reach nothing that is marked @internal', () => {
    const internal = new Set(paths(sources.filter((file) => isInternal(file))));
    expect(entries.filter(({ source }) => internal.has(source))).toEqual([]);
  });

  it('refuse what a pattern would let through, and nothing that is gone', () => {
    const hidden = openFiles.filter((file) => file.path.startsWith('operators/') && isInternal(file));
    const wanted = [...paths(hidden), 'operators/index.ts'].map((path) => `./${path.replace('.ts', '')}`);
    expect([...refused].toSorted()).toEqual(wanted.toSorted());
  });

  it.each(['operators/operate', 'src/chunk/chunk', 'dist/operators/index.js'])('keep %s to ourselves', (path) => {
    const { resolve } = createRequire(import.meta.url);
    expect(() => resolve(`${name}/${path}`)).toThrow(/not (?:defined by "exports"|exported)/);
  });

  it('list every operator in sluice/operators', async () => {
    const all = openFiles.filter((file) => file.path.startsWith('operators/') && !isInternal(file));
    const listed: Record<string, unknown> = await import('sluice/operators');
    expect(paths(all).filter((path) => typeof listed[camelName(path)] !== 'function')).toEqual([]);
  });

  it('put a command where the build emits it', () => {
    for (const target of Object.values(bin)) {
      const source = target.replace('./dist/', '').replace('.js', '.ts');
      expect(readFileSync(root + source, 'utf8').split('\n')[0]).toBe('#!/usr/bin/env node');
    }
  });
});
