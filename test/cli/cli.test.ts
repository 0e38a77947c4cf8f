import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Server, serve } from 'sluice/node';
import { dataFile } from '../data.js';
import { type Ended, run, type Running } from '../run.js';

const main = 'src/cli/main.ts';

let server: Server;
beforeAll(async () => {
  server = await serve({ port: 0 });
});
afterAll(async () => {
  await server.close();
});

function sluice(...args: string[]): Running {
  return run(main, args, { SLUICE_SERVER: server.url });
}

async function publish(stream: string, input: string | Buffer, ...flags: string[]): Promise<Ended> {
  const publishing = sluice('publish', stream, ...flags);
  publishing.process.stdin.end(input);
  return await publishing.ended;
}

async function tail(stream: string, ...flags: string[]): Promise<Ended> {
  return await sluice('tail', stream, ...flags).ended;
}

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('sluice serve', () => {
  it('prints one line when it is ready, serves, and ends in good order when asked to', async () => {
    const serving = run(main, ['serve', '--port', '0']);
    const [, url] = await serving.says(/^listening on (http:\/\/127\.0\.0\.1:\d+)\n$/);
    expect(await (await fetch(`${url}/streams`)).json()).toEqual([]);
    serving.process.kill('SIGTERM');
    expect(await serving.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it.each([
    [['serve', '--port', '65536'], 'It must be a number from 0 to 65535'],
    [['serve', '--host', '0.0.0.0'], 'reachable from elsewhere'],
    [['serve', '--log', 'floppy'], 'Allowed choices are memory'],
    [['tail', 'a/../b'], 'stream name must not have a ".." segment'],
    [['tail', 'a', '--from', 'yesterday'], 'It must be beginning, now or the number of a chunk'],
    [['tail', 'nobody/wrote/this'], 'there is no stream "nobody/wrote/this"'],
    [['tail', 'nobody/wrote/this', '--transport', 'sse'], 'there is no stream "nobody/wrote/this"'],
    [['sing'], "unknown command 'sing'"],
  ])('refuses %j and says why', async (args, why) => {
    const { code, stdout, stderr } = await sluice(...args).ended;
    expect(stderr).toContain(why);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: '' });
  });

  it('says when a port is taken', async () => {
    const { code, stderr } = await run(main, ['serve', '--port', String(server.port)]).ended;
    expect(stderr).toContain('EADDRINUSE');
    expect(code).toBe(1);
  });
});

describe('sluice publish and tail', () => {
  it('carry text byte for byte over both transports, and end with it', async () => {
    const text = '\uFEFFfirst\r\nsecond\rthird\u0000 — 😀 \u2028\n'.repeat(2000);
    expect(await publish('texts/odd', text)).toMatchObject({ code: 0, stderr: '' });
    for (const transport of ['ws', 'sse']) {
      const { code, stdout } = await tail('texts/odd', '--transport', transport);
      expect({ transport, code, sha256: sha256(stdout) }).toEqual({ transport, code: 0, sha256: sha256(text) });
    }
  });

  it('carry bytes', async () => {
    const bytes = randomBytes(300_000);
    expect(await publish('bytes/random', bytes, '--type', 'binary')).toMatchObject({ code: 0, stderr: '' });
    for (const transport of ['ws', 'sse']) {
      expect(sha256((await tail('bytes/random', '--transport', transport)).stdout)).toBe(sha256(bytes));
    }
  });

  it('carry JSON, one value a line', async () => {
    const lines = '{"a":[1,null,"x"]}\n0\n"ü"\n\nfalse\n{"__proto__":{"b":1}}';
    expect(await publish('values', lines, '--type', 'json')).toMatchObject({ code: 0, stderr: '' });
    expect((await tail('values')).stdout.toString()).toBe('{"a":[1,null,"x"]}\n0\n"ü"\nfalse\n{"__proto__":{"b":1}}\n');
  });

  it('write whole chunks with --json', async () => {
    await publish('one', 'hello');
    const lines = (await tail('one', '--json')).stdout.toString().trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ streamId: 'one', seq: 0, type: 'text', data: 'hello', final: false, size: 5 }),
    ]);
  });

  it('begin where they are told to', async () => {
    await publish('numbers', '1\n2\n3\n', '--type', 'json');
    expect((await tail('numbers', '--from', '2')).stdout.toString()).toBe('3\n');
    expect((await tail('numbers', '--from', 'now')).stdout.toString()).toBe('');
  });

  it('refuse input that is not what it was said to be; readers see the stream fail', async () => {
    const text = await publish('bad/text', Buffer.from([0x61, 0xff, 0x62]));
    expect(text).toMatchObject({ code: 1, stderr: expect.stringContaining('not UTF-8') as unknown });
    const json = await publish('bad/json', '1\n{"a":\n', '--type', 'json');
    expect(json).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('line 2 of the input is not JSON') as unknown,
    });
    const reader = await tail('bad/json');
    expect(reader).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('line 2 of the input is not JSON') as unknown,
    });
    expect(reader.stdout.toString()).toBe('1\n');
  });

  it('refuse to publish to a stream that has ended', async () => {
    await publish('ended', 'x');
    expect(await publish('ended', 'y')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('stream-closed') as unknown,
    });
    expect((await tail('ended')).stdout.toString()).toBe('x');
  });

  it('follow a stream live until it ends', async () => {
    await server.streams.create('live');
    const reading = sluice('tail', 'live');
    const publishing = sluice('publish', 'live');
    publishing.process.stdin.write('one ');
    await reading.says(/one /);
    publishing.process.stdin.end('two');
    expect((await reading.ended).stdout.toString()).toBe('one two');
  });

  it('end quietly when the reader of the pipe goes away', async () => {
    await publish('long', 'x'.repeat(2_000_000));
    const reading = sluice('tail', 'long');
    await reading.says(/x/);
    reading.process.stdout.destroy();
    expect(await reading.ended).toMatchObject({ code: 0, stderr: '' });
  });

  const book = dataFile('text/udhr-18-languages.txt');
  it.skipIf(book === undefined)('carry a text in eighteen languages', async () => {
    const { readFileSync } = await import('node:fs');
    const text = readFileSync(book!);
    expect(await publish('udhr', text)).toMatchObject({ code: 0, stderr: '' });
    expect(sha256((await tail('udhr', '--transport', 'sse')).stdout)).toBe(sha256(text));
  });
});
