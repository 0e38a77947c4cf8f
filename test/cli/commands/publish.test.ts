import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dataFile } from '../../data.js';
import { commandLine } from '../command-line.js';

const { publish, tail } = commandLine();
const done = { code: 0, stderr: '' };
const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('sluice publish', () => {
  it('carries text byte for byte, over both transports', async () => {
    const text = '\uFEFFfirst\r\nsecond\rthird\u0000 — 😀 \u2028\n'.repeat(2000);
    expect(await publish('texts/odd', text)).toMatchObject(done);
    for (const transport of ['ws', 'sse']) {
      const { code, stdout } = await tail('texts/odd', '--transport', transport);
      expect({ transport, code, sha256: sha256(stdout) }).toEqual({ transport, code: 0, sha256: sha256(text) });
    }
  });

  it('carries bytes, over both transports', async () => {
    const bytes = randomBytes(300_000);
    expect(await publish('bytes/random', bytes, '--type', 'binary')).toMatchObject(done);
    for (const transport of ['ws', 'sse']) {
      expect(sha256((await tail('bytes/random', '--transport', transport)).stdout)).toBe(sha256(bytes));
    }
  });

  it('carries JSON, one value a line', async () => {
    const lines = '{"a":[1,null,"x"]}\n0\n"ü"\n\nfalse\n{"__proto__":{"b":1}}';
    expect(await publish('values', lines, '--type', 'json')).toMatchObject(done);
    expect((await tail('values')).stdout.toString()).toBe('{"a":[1,null,"x"]}\n0\n"ü"\nfalse\n{"__proto__":{"b":1}}\n');
  });

  it('ends an empty stream', async () => {
    expect(await publish('empty', '')).toMatchObject(done);
    expect(await tail('empty')).toMatchObject(done);
  });

  it('refuses text that is no text; readers see the stream fail', async () => {
    const { code, stderr } = await publish('bad/text', Buffer.from([0x61, 0xff, 0x62]));
    expect(stderr).toContain('not UTF-8');
    expect(code).toBe(1);
    expect((await tail('bad/text')).stderr).toContain('not UTF-8');
  });

  it('refuses a line that is no JSON; what stood before it is published', async () => {
    const why = 'line 2 of the input is not JSON';
    const { code, stderr } = await publish('bad/json', '1\n{"a":\n', '--type', 'json');
    expect(stderr).toContain(why);
    const reader = await tail('bad/json');
    expect(reader.stderr).toContain(why);
    expect([code, reader.code, reader.stdout.toString()]).toEqual([1, 1, '1\n']);
  });

  it('refuses a value that is too large for a message', async () => {
    const { code, stderr } = await publish('large', JSON.stringify('x'.repeat(100_000)), '--type', 'json');
    expect(stderr).toContain('chunk-too-large');
    expect(code).toBe(1);
  });

  it('refuses to publish to a stream that has ended', async () => {
    await publish('ended', 'x');
    const { code, stderr } = await publish('ended', 'y');
    expect(stderr).toContain('stream-closed');
    expect(code).toBe(1);
    expect((await tail('ended')).stdout.toString()).toBe('x');
  });

  const languages = dataFile('text/udhr-18-languages.txt');
  it.skipIf(languages === undefined)('carries a text in eighteen languages', async () => {
    const text = readFileSync(languages!);
    expect(await publish('udhr', text)).toMatchObject(done);
    expect(sha256((await tail('udhr', '--transport', 'sse')).stdout)).toBe(sha256(text));
  });
});
