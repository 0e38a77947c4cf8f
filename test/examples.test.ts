import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { run } from './run.js';

const folder = fileURLToPath(new URL('../examples/', import.meta.url));
const files = ['', 'http/'].flatMap((below) =>
  readdirSync(folder + below)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => below + file),
);

/** Runs an example that serves, asks it what it says one should, and ends it. */
async function ask(file: string, headers: Record<string, string> = {}): Promise<{ text: string; type: string | null }> {
  const example = run(file, [], { PORT: '0' });
  const [, url] = await example.says(/curl -N (\S+)/);
  const response = await fetch(url!, { headers });
  const text = await response.text();
  example.process.kill();
  await example.ended;
  return { text, type: response.headers.get('content-type') };
}
const ishmael = 'Call me Ishmael. Some years ago, never mind how long precisely.';

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

  it('http/node sends words as they come', async () => {
    expect(await ask('examples/http/node.ts')).toEqual({ text: ishmael, type: 'text/plain; charset=utf-8' });
  });

  it('http/express sends events, and goes on behind the last one seen', async () => {
    const words = (events: string) =>
      [...events.matchAll(/^id: (\d+)\ndata: (.*)$/gm)].map(([, id, word]) => [id, word]);
    const { text } = await ask('examples/http/express.ts');
    expect(
      words(text)
        .map(([, word]) => word)
        .join(''),
    ).toBe(ishmael);
    expect(text).toContain('event: end');
    const rest = await ask('examples/http/express.ts', { 'last-event-id': '8' });
    expect(words(rest.text)[0]).toEqual(words(text)[9]);
  });

  it('http/fastify sends rows', async () => {
    const { text, type } = await ask('examples/http/fastify.ts');
    expect(type).toBe('application/x-ndjson; charset=utf-8');
    const rows = text.trimEnd().split('\n');
    expect([rows.length, JSON.parse(rows[999]!)]).toEqual([1000, { id: 999, name: 'row 999' }]);
  });

  it('http/hono sends steps', async () => {
    const { text } = await ask('examples/http/hono.ts');
    expect(text).toBe('{"step":"fetch"}\n{"step":"parse"}\n{"step":"done"}\n');
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
