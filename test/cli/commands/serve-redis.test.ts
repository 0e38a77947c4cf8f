import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { redisPath, type RedisServer, startRedis } from '../../servers/redis.js';
import { command } from '../command-line.js';

const run = command();

// Each of these starts programs, and a machine may have other work.
describe.skipIf(redisPath === undefined)('sluice serve --log redis:', { timeout: 120_000 }, () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    await redis.dispose();
  });

  it('serves what another server was given, also after both have ended', async () => {
    const servers = [0, 1].map(() => run(['serve', '--port', '0', '--log', redis.url]));
    const urls = await Promise.all(servers.map(async (serving) => (await serving.says(/^listening on (\S+)\n$/))[1]!));
    const publish = run(['publish', 'books/moby-dick'], { SLUICE_SERVER: urls[0]! });
    publish.process.stdin.write('Call me Ishmael.\n');
    // There is something to read once the other server has it too.
    const kept = async (): Promise<boolean> => {
      const response = await fetch(`${urls[1]!}/streams/books/moby-dick`);
      await response.body!.cancel();
      return response.ok;
    };
    await vi.waitFor(async () => expect(await kept()).toBe(true), { timeout: 30_000, interval: 50 });
    const tail = run(['tail', 'books/moby-dick'], { SLUICE_SERVER: urls[1]! });
    publish.process.stdin.end('Some years ago\n');
    expect(await publish.ended).toMatchObject({ code: 0 });
    const { code, stdout } = await tail.ended;
    expect({ code, text: stdout.toString() }).toEqual({ code: 0, text: 'Call me Ishmael.\nSome years ago\n' });
    for (const { process, ended } of servers) {
      process.kill('SIGTERM');
      expect(await ended).toMatchObject({ code: 0, stderr: '' });
    }
    const third = run(['serve', '--port', '0', '--log', redis.url]);
    const [, url] = await third.says(/^listening on (\S+)\n$/);
    const late = await run(['tail', 'books/moby-dick'], { SLUICE_SERVER: url! }).ended;
    expect(late.stdout.toString()).toBe(stdout.toString());
    third.process.kill('SIGTERM');
    expect(await third.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('says that nobody answers', async () => {
    const { code, stdout, stderr } = await run(['serve', '--port', '0', '--log', 'redis://127.0.0.1:1']).ended;
    expect(stderr).toMatch(/^sluice: .*ECONNREFUSED.* \(log-unavailable\)\n$/);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: '' });
  });
});
