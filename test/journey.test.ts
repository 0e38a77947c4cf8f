import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from './run.js';

const text = 'It was a bright cold day in April,\n  and the clocks were striking thirteen. — “Naïve”, 😀\n'.repeat(400);
let folder: string;
let file: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-'));
  file = join(folder, 'clocks.txt');
  writeFileSync(file, text);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('npm start', () => {
  it('streams a file word by word; the three commands it prints read it whole', async () => {
    const start = run('examples/start/main.ts', [file], { PORT: '0', WORDS_PER_SECOND: '100000' });
    const [, url] = await start.says(/(http:\S+) streams books\/clocks word by word/);
    const [, plain] = await start.says(/node (examples\/start\/plain-reader\.mjs) http\S+ books\/clocks/);
    await start.says(/curl -N http\S+\/streams\/books\/clocks/);
    await start.says(/npx sluice tail books\/clocks --server http/);
    const [byWs, byCli, bySse] = await Promise.all([
      run(plain!, [url!, 'books/clocks']).ended,
      run('src/cli/main.ts', ['tail', 'books/clocks', '--server', url!]).ended,
      fetch(`${url}/streams/books/clocks`).then(async (response) => await response.text()),
    ]);
    expect(byWs.stdout.toString()).toBe(text);
    expect(byCli.stdout.toString()).toBe(text);
    const data = [...bySse.matchAll(/^data: (\{"seq":\d+,"type".*)$/gm)].map(
      ([, json]) => (JSON.parse(json!) as { data: string }).data,
    );
    expect(data.join('')).toBe(text);
    start.process.kill('SIGINT');
    expect(await start.ended).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('npm run demo', () => {
  it('brings a text whole through rough links to three readers, and says so', async () => {
    const { code, stdout, stderr } = await run('examples/demo/main.ts', [file]).ended;
    const events = stdout
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; sha256?: string; lost?: number });
    const readers = events.filter(({ event }) => event === 'reader');
    const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
    expect(readers.map(({ sha256, lost }) => ({ sha256, lost }))).toEqual([
      { sha256: digest, lost: 0 },
      { sha256: digest, lost: 0 },
      { sha256: digest, lost: 0 },
    ]);
    expect(events.at(-1)).toMatchObject({ event: 'result', ok: true });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
