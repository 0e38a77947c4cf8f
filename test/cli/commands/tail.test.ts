import { describe, expect, it } from 'vitest';
import { commandLine } from '../command-line.js';

const { server, sluice, publish, tail } = commandLine();

// Each of these starts programs, and a machine may have other work.
describe('sluice tail', { timeout: 120_000 }, () => {
  it('writes whole chunks with --json', async () => {
    await publish('one', 'hello');
    const lines = (await tail('one', '--json')).stdout.toString().trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ streamId: 'one', seq: 0, type: 'text', data: 'hello', final: false, size: 5 }),
    ]);
  });

  it('begins where it is told to', async () => {
    await publish('numbers', '1\n2\n3\n', '--type', 'json');
    expect((await tail('numbers', '--from', '2')).stdout.toString()).toBe('3\n');
    expect((await tail('numbers', '--from', 'now')).stdout.toString()).toBe('');
  });

  it.each(['ws', 'sse'])('writes the same bytes from a snapshot, over %s', async (transport) => {
    const text = 'wörd 日本 👩‍👩‍👧\n'.repeat(3000);
    await publish(`long/${transport}`, text);
    const flags = [`long/${transport}`, '--from', 'snapshot', '--transport', transport] as const;
    expect((await tail(...flags)).stdout.toString()).toBe(text);
    const [only, ...others] = (await tail(...flags, '--json')).stdout.toString().trimEnd().split('\n');
    expect(others).toEqual([]);
    expect(JSON.parse(only!)).toMatchObject({ metadata: { 'sluice.snapshot': { fold: 'assembled', from: 0 } } });
  });

  it('follows a stream live until it ends', async () => {
    await server().streams.create('live');
    const reading = sluice('tail', 'live');
    const publishing = sluice('publish', 'live');
    publishing.process.stdin.write('one ');
    await reading.says(/one /);
    publishing.process.stdin.end('two');
    expect((await reading.ended).stdout.toString()).toBe('one two');
  });

  it('ends quietly when the reader of its pipe goes away', async () => {
    await publish('long', 'x'.repeat(2_000_000));
    const reading = sluice('tail', 'long');
    await reading.says(/x/);
    reading.process.stdout.destroy();
    expect(await reading.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('fails when the stream is cancelled', async () => {
    await server().streams.create('unwanted');
    const reading = sluice('tail', 'unwanted');
    const read = (): number =>
      server()
        .gateway.connections()
        .flatMap(({ reading: streams }) => streams).length;
    await expect.poll(read).toBe(1);
    await server().streams.cancel('unwanted', 'nobody asked');
    const { code, stderr } = await reading.ended;
    expect(stderr).toContain('was cancelled: nobody asked (stream-cancelled)');
    expect(code).toBe(1);
  });

  it.each([
    [['a/../b'], 'stream name must not have a ".." segment'],
    [['a', '--from', 'yesterday'], 'It must be beginning, now, snapshot or the number of a chunk'],
    [['nobody/wrote/this'], 'there is no stream "nobody/wrote/this"'],
    [['nobody/wrote/this', '--transport', 'sse'], 'there is no stream "nobody/wrote/this"'],
  ])('refuses %j and says why', async (args, why) => {
    const { code, stdout, stderr } = await sluice('tail', ...args).ended;
    expect(stderr).toContain(why);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: '' });
  });
});
