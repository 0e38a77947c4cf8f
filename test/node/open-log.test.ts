import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLog } from '../../src/node/open-log.js';
import { encodedTexts } from '../bodies.js';
import { run } from '../run.js';
import { natsPath, startNats } from '../servers/nats.js';
import { redisPath, startRedis } from '../servers/redis.js';

describe('openLog', () => {
  it('opens a log in memory', async () => {
    const log = await openLog('memory');
    await log.create('s');
    expect((await log.list()).map(({ streamId }) => streamId)).toEqual(['s']);
    await log.dispose();
  });

  it('opens a log in a folder, which keeps what it is given', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-open-'));
    try {
      for (const names of [['a'], ['a', 'b']]) {
        const log = await openLog(`lmdb:${join(folder, 'streams')}`);
        await log.create(names.at(-1)!);
        expect((await log.list()).map(({ streamId }) => streamId)).toEqual(names);
        await log.dispose();
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.skipIf(redisPath === undefined)('opens a log in Redis', async () => {
    const server = await startRedis();
    try {
      for (const names of [['a'], ['a', 'b']]) {
        const log = await openLog(server.url);
        await log.create(names.at(-1)!);
        expect((await log.list()).map(({ streamId }) => streamId)).toEqual(names);
        await log.dispose();
      }
      await server.kill();
      const refused = openLog(server.url);
      await expect(refused).rejects.toMatchObject({ code: 'log-unavailable' });
      await expect(refused).rejects.toThrow('ECONNREFUSED');
    } finally {
      await server.dispose();
    }
  });

  it.skipIf(natsPath === undefined)('opens a log in NATS', async () => {
    const server = await startNats();
    try {
      for (const names of [['a'], ['a', 'b']]) {
        const log = await openLog(server.url);
        await log.create(names.at(-1)!);
        expect((await log.list()).map(({ streamId }) => streamId)).toEqual(names);
        await log.dispose();
      }
      await server.kill();
      await expect(openLog(server.url)).rejects.toMatchObject({ code: 'log-unavailable' });
    } finally {
      await server.dispose();
    }
  });

  it.skipIf(natsPath === undefined)('goes on in NATS though a connection breaks while it is being made', async () => {
    const server = await startNats();
    const greeted: Socket[] = [];
    // The first is whole, the second breaks as soon as anything is said over it.
    const between = createServer((near) => {
      const far = connect(server.port, '127.0.0.1');
      for (const socket of [near, far]) socket.on('error', () => {});
      greeted.push(near);
      far.pipe(near);
      if (greeted.length === 2) near.once('data', () => near.destroy());
      else near.pipe(far);
    }).listen(0, '127.0.0.1');
    await once(between, 'listening');
    const log = await openLog(`nats://127.0.0.1:${(between.address() as AddressInfo).port}`);
    try {
      await log.create('s');
      greeted[0]!.destroy();
      expect(await log.append('s', encodedTexts('a'))).toMatchObject({ next: 1 });
      expect(greeted).toHaveLength(3);
    } finally {
      await log.dispose();
      between.close();
      await server.dispose();
    }
  });

  it.each(['@nats-io/transport-node', '@nats-io/jetstream'])(
    'says what NATS needs when %s is missing',
    async (name) => {
      const { stdout } = await run('test/node/without-package.ts', [name, 'nats://somewhere']).ended;
      const packages = '"@nats-io/transport-node" and "@nats-io/jetstream"';
      const install = 'npm install @nats-io/transport-node @nats-io/jetstream';
      expect(stdout.toString()).toBe(
        `log-unavailable: a log of the form nats://HOST:PORT needs the packages ${packages}: ${install}\n`,
      );
    },
  );

  it.each([
    ['lmdb', 'lmdb:somewhere', 'lmdb:DIR'],
    ['ioredis', 'redis://somewhere', 'redis://HOST:PORT'],
    ['ioredis', 'rediss://somewhere', 'rediss://HOST:PORT'],
  ])('says that %s is to be installed for %s when it is not there', async (name, url, form) => {
    const { stdout } = await run('test/node/without-package.ts', [name, url]).ended;
    expect(stdout.toString()).toBe(
      `log-unavailable: a log of the form ${form} needs the package "${name}": npm install ${name}\n`,
    );
  });

  it.each([
    '',
    'floppy',
    'floppy:/a',
    'memory:',
    'memory:x',
    'lmdb',
    'lmdb:',
    'redis:',
    'redis://',
    'nats:',
    'nats://',
    'constructor',
    '__proto__:x',
    ':',
  ])('refuses %j and names the choices', async (url) => {
    await expect(openLog(url)).rejects.toThrow(/^log must be one of memory, lmdb:DIR\b/);
    await expect(openLog(url)).rejects.toBeInstanceOf(RangeError);
  });

  it('repeats nothing of what stands behind the scheme: it may hold a password', async () => {
    await expect(openLog('floppy://ishmael:secret@host')).rejects.toThrow(/^(?!.*secret).*"floppy"$/);
  });

  it('refuses what is no string', async () => {
    await expect(openLog(5 as never)).rejects.toThrow(new TypeError('log must be a string, got a number'));
  });
});
