import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { run } from './run.js';

const folder = new URL('../examples/security/', import.meta.url);
const page = readFileSync(new URL('../docs/security.md', import.meta.url), 'utf8');
const programs = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8'));

describe('examples of security', { timeout: 120_000 }, () => {
  it('keys: what is somebody else is not read, and a wrong key is counted', async () => {
    const { stdout, stderr } = await run('examples/security/keys.ts').ended;
    expect(stdout.toString()).toBe('notes/1: 200\nnotes/1: 200\nother: 403\nnotes/1: 401\n1\n');
    expect(stderr).toBe('');
  });

  it('tokens: what is written belongs to who is in the token, and is read by its address', async () => {
    const { stdout, stderr } = await run('examples/security/tokens.ts').ended;
    expect(stdout.toString()).toBe("{ 'sluice.owner': 'ann' }\n200\n");
    expect(stderr).toBe('');
  });

  it('limits: who asks too often is told when to come again', async () => {
    const { stdout, stderr } = await run('examples/security/limits.ts').ended;
    expect(stdout.toString()).toMatch(/^200 \n200 \n200 \n429 [56]\d\n$/);
    expect(stderr).toBe('');
  });

  it('are what the page shows', () => {
    const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block]) => block!);
    expect(blocks.length).toBeGreaterThan(3);
    for (const block of blocks)
      expect(
        programs.some((program) => program.includes(block)),
        block,
      ).toBe(true);
  });
});
