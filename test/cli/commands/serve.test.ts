import { describe, expect, it } from 'vitest';
import { run } from '../../run.js';
import { commandLine, main } from '../command-line.js';

const { server, sluice } = commandLine();

describe('sluice serve', () => {
  it('prints one line when it is ready, serves, and ends in good order when asked to', async () => {
    const serving = run(main, ['serve', '--port', '0']);
    const [, url] = await serving.says(/^listening on (http:\/\/127\.0\.0\.1:\d+)\n$/);
    expect(await (await fetch(`${url}/streams`)).json()).toEqual([]);
    serving.process.kill('SIGTERM');
    expect(await serving.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it.each([
    [['--port', '65536'], 'It must be a number from 0 to 65535'],
    [['--host', '0.0.0.0'], 'reachable from elsewhere'],
    [['--log', 'floppy'], 'log must be one of memory'],
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
