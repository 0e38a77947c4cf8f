import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKeys, readApiKeys } from 'sluice/auth/api-keys';
import { bearing } from '../../auth/asking.js';
import { command } from '../command-line.js';
import { ndjson } from '../ndjson.js';

const run = command();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-key-'));
});
afterAll(async () => await rm(folder, { recursive: true }));

describe('sluice key', { timeout: 120_000 }, () => {
  it('makes a key, and a record that knows it', async () => {
    const { stdout, stderr } = await run(['key', 'ann', '--scope', 'read:a', 'list', '--days', '1']).ended;
    const records = readApiKeys(ndjson(stdout));
    const found = await apiKeys(records)(bearing(stderr.trim()));
    expect(found).toMatchObject({ id: 'ann', scopes: ['read:a', 'list'] });
    expect(found!.expiresAt).toBeGreaterThan(Date.now() + 86_000_000);
    expect(stdout.toString()).not.toContain(stderr.trim());
  });

  it('refuses scopes and days that are none', async () => {
    expect((await run(['key', 'ann', '--scope', 'fly']).ended).stderr).toContain('a scope must be');
    expect((await run(['key', 'ann', '--days', 'x']).ended).stderr).toContain('expiresAt must be');
  });

  it('lets commands speak to a server that asks who comes', async () => {
    const { stdout, stderr } = await run(['key', 'ann']).ended;
    const file = join(folder, 'keys');
    await writeFile(file, stdout);
    const serving = run(['serve', '--port', '0', '--auth-api-keys', file, '--quotas-store', 'memory']);
    const [url] = await serving.says(/http:\S+/);
    const sluice = (...args: string[]) => run([...args, '--server', url], { SLUICE_TOKEN: stderr.trim() });
    const publishing = sluice('publish', 'a');
    publishing.process.stdin.end('hello');
    expect((await publishing.ended).code).toBe(0);
    expect((await sluice('tail', 'a').ended).stdout.toString()).toContain('hello');
    expect((await sluice('ls', 'a').ended).stdout.toString()).toContain('"streamId":"a"');
    const stranger = await run(['ls', '--server', url, '--token', 'slk_no']).ended;
    expect([stranger.code, stranger.stderr]).toEqual([1, expect.stringContaining('the API key is not known')]);
    expect((await run(['ls', '--server', url]).ended).stderr).toContain('say who you are (unauthenticated)');
    serving.process.kill('SIGTERM');
    await serving.ended;
  });
});
