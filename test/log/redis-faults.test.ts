import { describe, expect, it } from 'vitest';
import type { Log } from '../../src/log/log.js';
import { encoded, Follower, refused, texts } from '../../src/testing/log-stage.js';
import { redisPath } from '../servers/redis.js';
import { clientNames, pause, redisStage, until } from '../servers/redis-stage.js';

const wide = { chunks: 10_000, bytes: 1 << 26 };
const by = (seq: number) => ({ producer: { id: 'p', epoch: 0, seq } });

describe.skipIf(redisPath === undefined).each(clientNames)('a log in Redis through %s', (client) => {
  const stage = redisStage();

  it('goes on when the server forgets its scripts', async () => {
    const log = stage.log(client);
    await log.create('s');
    for (let n = 0; n < 40; n += 2) {
      if (n % 8 === 0) await stage.admin().script('FLUSH');
      const appending = [n, n + 1].map(async (seq) => log.append('s', texts(seq, 1), by(seq)));
      if (n % 10 === 0) await stage.admin().script('FLUSH');
      await Promise.all(appending);
    }
    await stage.admin().script('FLUSH');
    expect((await log.read('s', 0, wide)).chunks).toEqual(texts(0, 40));
  });

  it('keeps every append once while its connections are killed and the server pauses', async () => {
    const log = stage.log(client);
    await log.create('s');
    const follower = new Follower(log, 's');
    const harm = (async () => {
      for (let n = 0; n < 12; n++) {
        await pause(50);
        if (n % 3 === 0) await stage.admin().client('PAUSE', 20, 'WRITE');
        await stage.admin().call('CLIENT', 'KILL', 'TYPE', n % 2 === 0 ? 'normal' : 'pubsub', 'SKIPME', 'yes');
      }
    })();
    const all = [];
    for (let n = 0; n < 300; n++) {
      all.push(log.append('s', texts(n, 1), by(n)));
      if (n % 5 === 0) await pause(10);
    }
    const next = (await Promise.all(all)).map((appended) => appended.next);
    expect(Math.max(...next)).toBe(300);
    await log.append('s', [], { close: { status: 'completed' }, ...by(300) });
    await harm;
    await until('the reader has everything', () => follower.end !== undefined);
    expect(follower.chunks).toEqual(texts(0, 300));
    follower.stop();
  });

  it('says of an append without a producer whose answer was lost that it may have been kept', async () => {
    const log = stage.log(client);
    await log.create('s');
    await stage.admin().client('PAUSE', 60_000, 'WRITE');
    const appending = refused('connection-lost', () => log.append('s', texts(0, 1)));
    await until('it has come, and waits', async () =>
      (await stage.admin().info('clients')).includes('blocked_clients:1'),
    );
    await stage.admin().call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await appending;
    await stage.admin().client('UNPAUSE');
    expect(await log.append('s', texts(1, 1), by(0))).toMatchObject({ duplicates: 0 });
  });

  it('keeps what it acknowledged when the server is killed, and goes on with the next', async () => {
    const log = stage.log(client);
    await log.create('s');
    const follower = new Follower(log, 's');
    let acknowledged = 0;
    const produce = (async () => {
      for (let n = 0; n < 400; n++) {
        await log.append('s', texts(n, 1), by(n));
        acknowledged = n + 1;
      }
    })();
    for (const count of [50, 150, 250]) {
      await until(`${count} are acknowledged`, () => acknowledged >= count);
      await stage.server().kill();
      const before = acknowledged;
      await stage.server().restart();
      const { chunks } = await log.read('s', 0, wide);
      expect(chunks.length).toBeGreaterThanOrEqual(before);
      expect(chunks).toEqual(texts(0, chunks.length));
    }
    await produce;
    await until('the reader has everything', () => follower.chunks.length === 400);
    expect(follower.chunks).toEqual(texts(0, 400));
    follower.stop();
  });

  it('says that nobody answers, and goes on when somebody does', async () => {
    const log = stage.log(client, { patienceMs: 1000 });
    await known(log);
    await stage.server().kill();
    const { message, cause } = await refused('log-unavailable', () => log.append('s', texts(0, 1), by(0)));
    expect(message).toMatch(/^Redis cannot be reached/);
    expect(cause).toBeDefined();
    await refused('log-unavailable', () => log.read('s', 0, wide));
    await stage.server().restart();
    await until('it is reached', async () => (await outcome(log)) === 1);
    expect((await log.read('s', 0, wide)).chunks).toEqual(texts(0, 1));
  });

  it('waits for a server that is silent, but not for ever', async () => {
    const log = stage.log(client, { patienceMs: 1000 });
    await known(log);
    await stage.admin().client('PAUSE', 4000);
    await refused('log-unavailable', () => log.append('s', texts(0, 1), by(0)));
    await stage.admin().client('UNPAUSE');
  });

  it('follows the master when its server becomes a replica', async () => {
    const log = stage.log(client, { patienceMs: 30_000 });
    await log.create('s');
    await stage.admin().replicaof('127.0.0.1', 1);
    const appending = log.append('s', texts(0, 1), by(0));
    await pause(100);
    await stage.admin().replicaof('NO', 'ONE');
    expect(await appending).toMatchObject({ next: 1 });
  });

  it('says that the memory is full, keeps nothing of that, and takes more when there is room', async () => {
    const log = stage.log(client);
    await log.create('s');
    await log.append('s', texts(0, 1), by(0));
    await stage.admin().config('SET', 'maxmemory', '1');
    const { details } = await refused('log-full', () =>
      log.append('s', [encoded('x'.repeat(5000)), ...texts(0, 1)], { ...by(1), close: { status: 'completed' } }),
    );
    expect(details.streamId).toBe('s');
    await refused('log-full', () => log.append('s', [encoded('x'.repeat(5000)), ...texts(0, 1)], by(1)));
    await refused('log-full', () => log.create('t'));
    expect(await log.info('s')).toMatchObject({ next: 1, status: 'active' });
    expect(await stage.admin().xlen('sluice:{s}:chunks')).toBe(1);
    await stage.admin().config('SET', 'maxmemory', '0');
    expect(await log.append('s', texts(1, 1), by(1))).toMatchObject({ next: 2, duplicates: 0 });
  });

  it('names a key that holds something else, and touches nothing', async () => {
    const log = stage.log(client);
    await stage.admin().set('sluice:{s}:info', 'mine');
    for (const call of [() => log.create('s'), () => log.append('s', texts(0, 1)), () => log.delete('s')]) {
      const { message } = await refused('log-incompatible', call);
      expect(message).toContain('"s"');
    }
    await refused('log-incompatible', () => log.read('s', 0, wide));
    await refused('log-incompatible', () => log.info('s'));
    expect(await stage.admin().get('sluice:{s}:info')).toBe('mine');
    await log.create('t');
    await log.append('t', texts(0, 1), by(0));
    await stage.admin().del('sluice:{t}:chunks');
    await stage.admin().set('sluice:{t}:chunks', 'mine');
    await refused('log-incompatible', () => log.append('t', texts(1, 1), by(1)));
    expect(await log.info('t')).toMatchObject({ next: 1 });
  });

  it('names chunks that Redis has let go by itself', async () => {
    const log = stage.log(client);
    await log.create('s');
    await log.append('s', texts(0, 5));
    await stage.admin().del('sluice:{s}:chunks');
    const { details } = await refused('gap', () => log.read('s', 2, wide));
    expect(details).toMatchObject({ streamId: 's', seq: 2 });
    await log.append('s', texts(5, 2));
    expect(await log.read('s', 5, wide)).toMatchObject({ from: 5, chunks: texts(5, 2), next: 7 });
    await refused('gap', () => log.read('s', 4, wide));
    await stage.admin().xdel('sluice:{s}:chunks', '0-7');
    expect((await log.read('s', 5, wide)).chunks, 'up to the hole').toEqual(texts(5, 1));
  });

  it('names chunks of a stream that Redis has otherwise forgotten', async () => {
    const log = stage.log(client);
    await log.create('s');
    await log.append('s', texts(0, 5));
    await stage.admin().del('sluice:{s}:info');
    await refused('stream-not-found', () => log.append('s', texts(5, 1)));
    await log.create('s');
    expect(await log.append('s', texts(0, 1))).toMatchObject({ first: 0, next: 1 });
    await stage.admin().hset('sluice:{s}:info', 'next', 0);
    await refused('log-incompatible', () => log.append('s', texts(1, 1)));
  });

  it('needs permission', async () => {
    await stage.admin().acl('SETUSER', 'default', '-hmget');
    const log = stage.log(client);
    await refused('log-unavailable', () => log.info('s'));
    await stage.admin().acl('SETUSER', 'default', '+@all');
  });
});

/** Has the stream made by a log with little patience, however long it takes to connect. */
async function known(log: Log): Promise<void> {
  await until('the stream is there', async () => {
    try {
      await log.create('s');
      return true;
    } catch {
      return false;
    }
  });
}

async function outcome(log: Log): Promise<number> {
  try {
    return (await log.append('s', texts(0, 1), by(0))).next;
  } catch {
    return 0;
  }
}
