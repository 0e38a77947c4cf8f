import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../run.js';
import { commandLine, fromSources, main } from '../command-line.js';

const { server, sluice } = commandLine(fromSources);

/** A place of Linux that takes no folders, and no files. */
const unwritable: [string[], string][] = [
  [['--log', 'lmdb:/proc/x/y'], 'log (--log): the folder "/proc/x/y" cannot be made: ENOENT'],
  [['--log', 'lmdb:/proc'], 'log (--log): the folder "/proc" cannot be opened: '],
];

describe('sluice serve', { timeout: 120_000 }, () => {
  it('prints one line when it is ready, serves, and ends in good order when asked to', async () => {
    const serving = run(main, ['serve', '--port', '0']);
    const [, url] = await serving.says(/^listening on (http:\/\/127\.0\.0\.1:\d+)\n$/);
    expect(await (await fetch(`${url}/streams`)).json()).toEqual([]);
    serving.process.kill('SIGTERM');
    expect(await serving.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('starts the pipelines it is given over HTTP', async () => {
    const serving = run(main, ['serve', '--port', '0', '--pipelines', 'test/cli/pipelines.ts']);
    const [, url] = await serving.says(/^listening on (\S+)\n$/);
    const body = JSON.stringify({ pipeline: 'greet', input: 'you', executionId: 'one' });
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(`${url}/v1/runs`, { method: 'POST', headers, body })).status).toBe(201);
    const { code, stdout } = await sluice('replay', 'one', '--server', url!).ended;
    expect([code, stdout.toString()]).toEqual([0, expect.stringContaining('HELLO YOU')]);
    serving.process.kill('SIGTERM');
    expect(await serving.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('goes by its configuration file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-serve-'));
    try {
      const file = join(folder, 'sluice.config.yaml');
      writeFileSync(file, 'port: 0\nstreams: { maxStreams: 1 }\n');
      const serving = run(main, ['serve'], { SLUICE_CONFIG: file });
      const [, url] = await serving.says(/^listening on (\S+)\n$/);
      const put = async (name: string) => (await fetch(`${url}/v1/stream/${name}`, { method: 'PUT' })).status;
      expect([await put('one'), await put('two')]).toEqual([201, 429]);
      serving.process.kill('SIGTERM');
      expect(await serving.ended).toMatchObject({ code: 0, stderr: '' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('keeps what it is given in a folder, through a kill', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-serve-'));
    try {
      const flags = ['serve', '--port', '0', '--log', `lmdb:${folder}`];
      const first = run(main, flags);
      const [, url = ''] = await first.says(/^listening on (\S+)\n$/);
      const publishing = sluice('publish', 'greetings', '--server', url);
      publishing.process.stdin.end('hello');
      expect(await publishing.ended).toMatchObject({ code: 0 });
      first.process.kill('SIGKILL');
      await first.ended;
      const second = run(main, flags);
      const [, again = ''] = await second.says(/^listening on (\S+)\n$/);
      const tail = await sluice('tail', 'greetings', '--from', 'beginning', '--server', again).ended;
      expect({ code: tail.code, text: tail.stdout.toString() }).toEqual({ code: 0, text: 'hello' });
      second.process.kill('SIGTERM');
      expect(await second.ended).toMatchObject({ code: 0, stderr: '' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    [['--port', '65536'], 'port (--port): must be a whole number, 0 to 65535, got 65536'],
    [['--host', '0.0.0.0'], 'say --auth-api-keys, --auth-jwks-url or another'],
    [['--stale-ms', '0'], 'staleMs (--stale-ms): must be a whole number, 1 to'],
    [['--log', 'floppy'], 'log must be one of memory'],
    [['--log', 'lmdb:package.json'], 'log (--log): the folder "package.json" cannot be made: EEXIST'],
    ...(process.platform === 'linux' ? unwritable : []),
  ])('refuses %j and says why', async (flags, why) => {
    const { code, stdout, stderr } = await sluice('serve', ...flags).ended;
    expect(stderr).toContain(why);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: '' });
  });

  it('says when a port is taken', async () => {
    const { code, stderr } = await sluice('serve', '--port', String(server().port)).ended;
    expect(stderr).toContain('EADDRINUSE');
    expect(code).toBe(1);
  });
});
