import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandLine, fromSources } from '../command-line.js';
import { ndjson } from '../ndjson.js';
import { natsPath, type NatsServer, startNats } from '../../servers/nats.js';

const { sluice } = commandLine(fromSources);
const module = 'test/cli/actors.ts';

describe('sluice worker', { timeout: 120_000 }, () => {
  it.each([
    [[], "required option '--module <file>' not specified"],
    [
      ['--module', module, '--queue', 'redis://127.0.0.1:1', '--log', 'memory', '--concurrency', '0'],
      'from 1 to 999999999',
    ],
    [['--module', 'test/cli/pipelines.ts', '--queue', 'redis://127.0.0.1:1', '--log', 'memory'], 'exports no actor'],
  ])('refuses %j and says why', async (args, why) => {
    const { code, stderr } = await sluice('worker', ...args).ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining(why)]);
  });

  describe.skipIf(natsPath === undefined)('over NATS', () => {
    let nats: NatsServer;
    beforeAll(async () => {
      nats = await startNats();
    });
    afterAll(async () => {
      await nats?.dispose();
    });

    it('ends at once where there is no log', async () => {
      const where = ['--queue', nats.url, '--log', 'lmdb:package.json'];
      const { code, stderr } = await sluice('worker', '--module', module, ...where).ended;
      expect([code, stderr]).toEqual([1, expect.stringContaining('sluice: --log: the folder "package.json" cannot')]);
    });

    it('takes up a call whose worker was killed', async () => {
      const where = ['--queue', nats.url, '--log', nats.url];
      const first = sluice('worker', '--module', module, ...where, '--lease-ms', '1000');
      await first.says(/"ready"/);
      const calling = sluice('actor', 'run', 'sit', '--stream', '--id', 'one', '--lease-ms', '1000', ...where);
      await calling.says(/"sitting"/);
      first.process.kill('SIGKILL');
      const second = sluice('worker', '--module', module, ...where, '--lease-ms', '1000');
      await calling.says(/"sitting"[^]*"sitting"/);
      calling.process.kill('SIGINT');
      const { code, stdout } = await calling.ended;
      expect(code).toBe(130);
      expect(ndjson(stdout).at(-1)).toMatchObject({ type: 'error', code: 'run-cancelled' });
      await second.says(/"actors\/sit\/one"/);
      second.process.kill('SIGTERM');
      expect((await second.ended).code).toBe(0);
    });
  });
});
