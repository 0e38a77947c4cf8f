import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandLine, fromSources } from '../command-line.js';
import { ndjson } from '../ndjson.js';
import { inTerminal, scriptPath } from '../terminal.js';
import { redisPath, type RedisServer, startRedis } from '../../servers/redis.js';

const { sluice } = commandLine(fromSources);
const module = 'test/cli/actors.ts';

describe('sluice actor run', { timeout: 120_000 }, () => {
  it('streams what an actor says, a chunk a line', async () => {
    const { code, stdout, stderr } = await sluice(
      ...['actor', 'run', 'spell', '--stream', '--module', module, '--input', '"ab"'],
    ).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(ndjson(stdout)).toEqual([
      { type: 'start', input: 'ab' },
      { type: 'progress', current: 1, total: 2, message: 'spelling' },
      { type: 'data', value: 'a' },
      { type: 'progress', current: 2, total: 2, message: 'spelling' },
      { type: 'data', value: 'b' },
      { type: 'complete' },
    ]);
  });

  it('tells only what it comes to, where it is not asked for more', async () => {
    const { stdout } = await sluice('actor', 'run', 'add', '--module', module, '--input', '[1,2]').ended;
    expect(stdout.toString()).toBe('3\n');
    const spelt = await sluice('actor', 'run', 'spell', '--module', module, '--input', '"ab"').ended;
    expect(spelt.stdout.toString()).toBe('"ab"\n');
  });

  it('ends with 1 when it fails, and with 130 when it is interrupted', async () => {
    const failed = await sluice('actor', 'run', 'break', '--module', module).ended;
    expect([failed.code, failed.stdout.toString(), failed.stderr]).toEqual([1, '', 'sluice: it broke\n']);
    const sitting = sluice('actor', 'run', 'sit', '--module', module, '--stream');
    await sitting.says(/"sitting"/);
    sitting.process.kill('SIGINT');
    const { code, stdout } = await sitting.ended;
    expect(ndjson(stdout).at(-1)).toEqual({ type: 'error', message: 'interrupted', code: 'run-cancelled' });
    expect(code).toBe(130);
  });

  it.skipIf(scriptPath === undefined)('shows where it is, and what it says, on a terminal', async () => {
    const { stdout } = await inTerminal(...['actor', 'run', 'spell', '--stream', '--module', module, '--input', '"ab"'])
      .ended;
    expect(stdout.toString()).toContain('1/2 spelling\r\u001b[Ka');
    expect(stdout.toString().trimEnd()).toMatch(/b$/);
    const failed = await inTerminal('actor', 'run', 'break', '--module', module).ended;
    expect(failed.stdout.toString()).toContain('sluice: it broke');
    expect(
      (await inTerminal('actor', 'run', 'add', '--module', module, '--input', '[1,2]').ended).stdout.toString(),
    ).toContain('3');
  });

  it.each([
    [['none', '--module', module], 'there is no actor "none"'],
    [['spell'], 'say where the actor is: --module, or --queue and --log'],
    [['spell', '--queue', 'paper:', '--log', 'memory'], 'queue must be one of redis://HOST:PORT'],
    [['spell', '--queue', 'redis://x', '--module', module], 'cannot be used with'],
  ])('refuses %j and says why', async (args, why) => {
    const { code, stderr } = await sluice('actor', 'run', ...args).ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining(why)]);
  });

  describe.skipIf(redisPath === undefined)('with workers', () => {
    let redis: RedisServer;
    beforeAll(async () => {
      redis = await startRedis();
    });
    afterAll(async () => {
      await redis?.dispose();
    });

    it('calls an actor that `sluice worker` serves, and cancels it', async () => {
      const where = ['--queue', redis.url, '--log', redis.url];
      const worker = sluice('worker', '--module', module, ...where, '--concurrency', '2');
      await worker.says(/"ready"/);
      const called = await sluice('actor', 'run', 'spell', '--stream', '--input', '"ab"', ...where).ended;
      expect([called.code, called.stderr]).toEqual([0, '']);
      const said = ndjson<{ type: string; value?: string }>(called.stdout);
      expect(said.filter(({ type }) => type === 'data').map(({ value }) => value)).toEqual(['a', 'b']);
      expect(said.at(-1)!.type).toBe('complete');
      const sitting = sluice('actor', 'run', 'sit', '--stream', '--id', 'one', ...where);
      await sitting.says(/"sitting"/);
      sitting.process.kill('SIGINT');
      expect((await sitting.ended).code).toBe(130);
      // It has heard of it: nothing is at work any more.
      await worker.says(/"actors\/sit\/one"/);
      worker.process.kill('SIGINT');
      const { code, stdout, stderr } = await worker.ended;
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(ndjson(stdout)).toEqual([
        { event: 'ready', actors: expect.arrayContaining(['add', 'break', 'sit', 'spell']) as unknown },
        expect.objectContaining({ event: 'call', status: 'done' }),
        expect.objectContaining({ event: 'call', id: 'actors/sit/one', attempt: 1 }),
      ]);
    });
  });
});
