import { afterEach, describe, expect, it } from 'vitest';
import type { RedisConnection, RedisDoor, RedisReply } from '../../../src/log/redis/client.js';
import { redisPath } from '../../servers/redis.js';
import { pause, redisStage, until } from '../../servers/redis-stage.js';

/** What every door to a real Redis keeps. */
export function doorLaws(name: string, doorOf: (url: string) => RedisDoor): void {
  describe.skipIf(redisPath === undefined)(`${name} to a real Redis`, () => {
    const stage = redisStage();
    const open: RedisConnection[] = [];
    afterEach(() => {
      for (const connection of open.splice(0)) connection.close();
    });

    async function make() {
      const heard: string[] = [];
      const connection = doorOf(stage.server().url).open({
        ready: () => heard.push('ready'),
        lost: () => heard.push('lost'),
        failed: () => {},
        message: (channel) => heard.push(channel),
      });
      open.push(connection);
      await until('it is ready', () => heard.includes('ready'));
      return { connection, heard };
    }

    it('carries text and bytes both ways as they are', async () => {
      const { connection } = await make();
      const every = Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i));
      const script = 'return {ARGV[1], ARGV[2], 7, false, {}}';
      const answer = (await connection.send('k', ['EVAL', script, '1', 'k', every, 'é 😀'])) as RedisReply[];
      expect(answer).toEqual([every, Buffer.from('é 😀'), 7, null, []]);
      await expect(connection.send('k', ['EVALSHA', 'ffff', '0'])).rejects.toThrow(/^NOSCRIPT/);
    });

    it('carries more arguments than a call of a function may have', async () => {
      const { connection } = await make();
      const many = Array.from({ length: 300_000 }, () => 'x');
      expect(await connection.send('many', ['RPUSH', 'many'].concat(many))).toBe(300_000);
    });

    it('rejects what was under way when the connection broke, and sends it no second time', async () => {
      const { connection, heard } = await make();
      await stage.admin().client('PAUSE', 60_000, 'WRITE');
      const sent = connection.send('k', ['INCR', 'k']);
      const broken = sent.then(
        () => false,
        (error: Error) => !/^[A-Z]{2,} /.test(error.message),
      );
      await until('it has come, and waits', async () =>
        (await stage.admin().info('clients')).includes('blocked_clients:1'),
      );
      await stage.admin().call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      expect(await broken).toBe(true);
      await stage.admin().client('UNPAUSE');
      await until('it is ready again', () => heard.filter((word) => word === 'ready').length === 2);
      expect(heard).toContain('lost');
      await pause(150);
      expect(Number((await connection.send('k', ['GET', 'k'])) ?? 0)).toBeLessThanOrEqual(1);
    });

    it('sends nothing later that it cannot send now', async () => {
      const { connection } = await make();
      await stage.server().kill();
      await until(
        'it is lost',
        async () =>
          await connection.send('k', ['INCR', 'k']).then(
            () => false,
            () => true,
          ),
      );
      const late = Promise.allSettled(Array.from({ length: 3 }, () => connection.send('k', ['INCR', 'k'])));
      await stage.server().restart();
      expect((await late).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
      await until(
        'it is back',
        async () =>
          await connection.send('k', ['GET', 'k']).then(
            (k) => k === null,
            () => false,
          ),
      );
    });

    it('hears what is published to the channels it has joined, and is closed without a word', async () => {
      const { connection, heard } = await make();
      await connection.subscribe(['a', 'b']);
      await connection.unsubscribe(['a']);
      await stage.admin().publish('a', '');
      await stage.admin().publish('b', '');
      await until('it is heard', () => heard.includes('b'));
      expect(heard).not.toContain('a');
      connection.close();
      connection.close();
      await until('it is gone', async () => (await stage.connections()) === 0);
    });
  });
}
