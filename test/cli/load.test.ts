import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { choose, loadActors, loadPipelines } from '../../src/cli/load.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-load-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const file = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};
const one = '{"name":"one","steps":[{"id":"a","type":"value","with":{"value":1}}]}';

describe('loadPipelines', () => {
  it('finds what a module exports, each once, and its services', async () => {
    const { pipelines, services } = await loadPipelines('test/cli/pipelines.ts');
    expect(pipelines.map(({ name }) => name).toSorted()).toEqual([
      'approve',
      'fail',
      'greet',
      'relay',
      'survive',
      'wait',
    ]);
    expect(services).toEqual({ greeting: 'hello' });
    const twice = await file(
      'twice.mjs',
      'const p = { name: "p", definition: {} }; export default p; export { p, p as q };',
    );
    expect((await loadPipelines(twice, 'test/cli/pipelines.ts')).services).toEqual({ greeting: 'hello' });
    expect((await loadPipelines(twice)).pipelines).toHaveLength(1);
  });

  it('reads JSON and YAML', async () => {
    const loaded = await loadPipelines(await file('one.JSON', one));
    expect([loaded.pipelines[0]!.name, loaded.services]).toEqual(['one', undefined]);
    const yaml = await loadPipelines(await file('two.yml', 'name: two\nsteps: []'), 'test/cli/pipelines.ts');
    expect([yaml.pipelines[0]!.name, yaml.services]).toEqual(['two', { greeting: 'hello' }]);
  });

  it('says what is missing, or cannot be read', async () => {
    await expect(loadPipelines(await file('none.mjs', 'export const a = null;'))).rejects.toThrow(
      'exports no pipeline',
    );
    await expect(loadPipelines(join(folder, 'nowhere.json'))).rejects.toThrow('ENOENT');
    await expect(loadPipelines(await file('broken.mjs', 'throw new Error("mine");'))).rejects.toThrow('mine');
  });
});

describe('loadActors', () => {
  it('finds actors one by one and in lists', async () => {
    expect((await loadActors('test/cli/actors.ts')).map(({ name }) => name).toSorted()).toEqual([
      'add',
      'break',
      'sit',
      'spell',
    ]);
    await expect(loadActors('test/cli/pipelines.ts')).rejects.toThrow('exports no actor');
  });
});

describe('choose', () => {
  const [a, b] = [{ name: 'a' }, { name: 'b' }];

  it('takes the one that is named, or the only one', () => {
    expect(choose('pipeline', [a], undefined)).toBe(a);
    expect(choose('pipeline', [a, b], 'b')).toBe(b);
  });

  it('says what there is otherwise', () => {
    expect(() => choose('pipeline', [a, b])).toThrow('there are several pipelines, name one: a, b');
    expect(() => choose('pipeline', [a, b], 'c')).toThrow('there is no pipeline "c", only a, b');
  });
});
