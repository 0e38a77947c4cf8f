import { mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../../../src/log/lmdb/make-folder.js';
import { temporaryFolders } from './temporary.js';

const temporary = temporaryFolders();

describe('makeFolder', () => {
  it('makes what is not there, level by level', () => {
    const folder = temporary();
    makeFolder(join(folder, 'a', 'b.c', 'd'));
    expect(statSync(join(folder, 'a', 'b.c', 'd')).isDirectory()).toBe(true);
    makeFolder(join(relative('.', folder), 'e', 'f'));
    expect(readdirSync(join(folder, 'e'))).toEqual(['f']);
  });

  it('leaves what is there, also by another name', () => {
    const folder = temporary();
    mkdirSync(join(folder, 'a'));
    writeFileSync(join(folder, 'a', 'kept'), '');
    symlinkSync(join(folder, 'a'), join(folder, 'b'));
    for (const path of [folder, join(folder, 'a'), join(folder, 'b'), '.', '/']) makeFolder(path);
    makeFolder(join(folder, 'b', 'c'));
    expect(readdirSync(join(folder, 'a')).toSorted()).toEqual(['c', 'kept']);
  });

  it('names the file that is in the way', () => {
    const file = join(temporary(), 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'below'), join(file, 'below', 'it')]) {
      expect(() => makeFolder(path)).toThrow(`EEXIST: file already exists, mkdir '${file}'`);
    }
  });

  it('makes nothing where a name leads nowhere', () => {
    const link = join(temporary(), 'link');
    symlinkSync(join(temporary(), 'nowhere'), link);
    expect(() => makeFolder(link)).toThrow('EEXIST');
    expect(() => makeFolder(join(link, 'below'))).toThrow(link);
  });
});
