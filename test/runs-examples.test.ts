import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { run } from './run.js';
import { redisPath, startRedis } from './servers/redis.js';

const folder = fileURLToPath(new URL('../examples/runs/', import.meta.url));
const at = (name: string): string => `examples/runs/${name}.ts`;

/** No key: the parrot on this machine answers. */
const noKeys = {
  OPENAI_API_KEY: undefined,
  OPENAI_BASE_URL: undefined,
  ANTHROPIC_API_KEY: undefined,
  GEMINI_API_KEY: undefined,
  OLLAMA_HOST: undefined,
  TOKENS_PER_SECOND: '2000',
} as unknown as Record<string, string>;

// Each of these starts programs, and a machine may have other work.
describe('examples/runs', { timeout: 120_000 }, () => {
  it('chat goes from the command line to the model and back, token by token', async () => {
    const chat = run(at('chat'), [], noKeys);
    await chat.says(/listens\.\n/);
    chat.process.stdin.end('What did Ahab see?\n\nAnd the whale?\n');
    const { code, stdout, stderr } = await chat.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const counts = [...stdout.toString().matchAll(/\S[^]*?\n\((\d+) tokens\)/g)].map(([, count]) => Number(count));
    expect(counts).toHaveLength(2);
    for (const count of counts) expect(count).toBeGreaterThan(1);
  });

  it('approval waits until Ann has said yes', async () => {
    const example = run(at('approval'), [], { PORT: '0' });
    const [, url] = await example.says(/curl (\S+)\/v1\/runs /);
    const post = async (path: string, body: object, headers = {}): Promise<number> => {
      const sent = { 'content-type': 'application/json', ...headers };
      return (await fetch(url! + path, { method: 'POST', headers: sent, body: JSON.stringify(body) })).status;
    };
    const start = { pipeline: 'approval', input: { customer: 'Ahab' }, executionId: '1' };
    expect(await post('/v1/runs', start)).toBe(201);
    const events = fetch(`${url}/stream/pipeline/1`).then(async (response) => await response.text());
    const info = async () => (await (await fetch(`${url}/v1/runs/1`)).json()) as Record<string, unknown>;
    await expect.poll(async () => (await info())['status'], { timeout: 30_000 }).toBe('waiting');
    const answer = { name: 'approved', value: true };
    expect(await post('/v1/runs/1/input', answer, { 'x-user': 'bob' })).toBe(409);
    expect(await post('/v1/runs/1/input', answer, { 'x-user': 'ann' })).toBe(202);
    expect(await events).toContain('event: pipeline_complete');
    expect(await info()).toMatchObject({ status: 'completed', output: 'sent: Dear Ahab, we offer one sluice.' });
    example.process.kill();
    await example.ended;
  });

  it('download brings every file whole, though the network breaks', async () => {
    const place = await mkdtemp(join(tmpdir(), 'sluice-download-'));
    const bytes = Buffer.alloc(300_000, 'sluice ');
    let broken = 0;
    const server = createServer((request, response) => {
      response.writeHead(200, { 'content-length': bytes.length });
      if (request.url !== '/b.bin' || broken++ > 0) return void response.end(bytes);
      response.write(bytes.subarray(0, 1000), () => response.destroy());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    const { code, stdout } = await run(at('download'), [place, `${url}/a.bin`, `${url}/b.bin`]).ended;
    expect([code, broken]).toEqual([0, 2]);
    for (const name of ['a.bin', 'b.bin']) expect((await readFile(join(place, name))).equals(bytes)).toBe(true);
    const lines = stdout.toString().trimEnd().split('\n');
    expect(lines).toContain('completed: 2 of 2 files');
    const snapshots = lines.filter((line) => line.startsWith('{'));
    expect(JSON.parse(snapshots.at(-1)!)).toMatchObject({ percent: 100 });
    expect(stdout.toString()).toContain('"retries":1');
    server.close();
    await rm(place, { recursive: true });
  });

  it('broadcast tells all clients, or those who read a stream', async () => {
    const { code, stdout, stderr } = await run(at('broadcast')).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.toString().trimEnd().split('\n');
    expect(lines).toContain('told 3, then 2');
    expect(lines.filter((line) => line.includes('hears')).toSorted()).toEqual([
      'ann hears {"notice":"prices come late"}',
      'ann hears {"notice":"the market opens"}',
      'bob hears {"notice":"prices come late"}',
      'bob hears {"notice":"the market opens"}',
      'eve hears {"notice":"the market opens"}',
    ]);
  });

  it.skipIf(redisPath === undefined)('remote-actor answers though its worker is killed', async () => {
    const redis = await startRedis();
    const env = { REDIS_URL: redis.url, PAUSE_MS: '100' };
    const answer = 'You ask "Why?". A sluice lets through as much as the other side can take.';
    try {
      const first = run(at('remote-actor'), ['work'], env);
      await first.says(/at work/);
      const calling = run(at('remote-actor'), ['call', 'Why?'], env);
      await calling.says(/You ask/);
      first.process.kill('SIGKILL');
      const second = run(at('remote-actor'), ['work'], env);
      const { code, stdout } = await calling.ended;
      expect(code).toBe(0);
      expect(stdout.toString().split('\n(again) ').at(-1)).toBe(`${answer}\n`);
      await second.says(/actors\/writer\/\S+: done/);
      second.process.kill('SIGTERM');
      expect((await second.ended).code).toBe(0);
    } finally {
      await redis.dispose();
    }
  });

  it.each(readdirSync(folder).filter((file) => file.endsWith('.ts')))(
    '%s is short, and imports what a user imports',
    (file) => {
      const text = readFileSync(folder + file, 'utf8');
      expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(60);
      const imports = [...text.matchAll(/from '([^']+)'/g)].map(([, from]) => from!);
      // The model on this machine is an example as well.
      expect(imports.filter((from) => from.startsWith('.') && from !== '../llm/model.js')).toEqual([]);
    },
  );
});
