import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { run } from './run.js';

const folder = fileURLToPath(new URL('../examples/', import.meta.url));
const files = readdirSync(folder).filter((file) => file.endsWith('.ts'));

describe('examples', () => {
  it('01 serves a pipeline, which curl reads', async () => {
    const example = run('examples/01-pipeline-to-server.ts', [], { PORT: '0' });
    const [, url] = await example.says(/curl -N (\S+)/);
    const events = await (await fetch(url!)).text();
    expect(events.match(/^data: \{"seq":\d+,"type"/gm)).toHaveLength(100);
    expect(events).toContain('event: end');
    expect(await example.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('03 puts a shuffled source in order and goes on behind the hole', async () => {
    const { stdout, stderr } = await run('examples/03-shuffled-source.ts').ended;
    expect(stdout.toString()).toBe('0 Call\n1 me\n2 Ishmael.\n4 years\n5 ago\n');
    expect(stderr).toBe('');
  });

  it('04 reads five tokens and stops the source', async () => {
    const { stdout } = await run('examples/04-async-iterables.ts').ended;
    expect(stdout.toString()).toBe('token 0\ntoken 1\ntoken 2\ntoken 3\ntoken 4\nthe source has stopped\n');
  });

  it.each(files)('%s is short and imports what a user imports', (file) => {
    const text = readFileSync(folder + file, 'utf8');
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(60);
    const imports = [...text.matchAll(/from '([^']+)'/g)].map(([, from]) => from!);
    expect(imports.filter((from) => from.startsWith('.'))).toEqual([]);
  });
});

// A marble test is run as one.
await import('../examples/05-marbles.test.js');
