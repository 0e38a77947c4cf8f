import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { describe, expect, it } from 'vitest';
import type { Appended, Log } from '../../src/log/log.js';
import { createNatsLog } from '../../src/log/nats.js';
import { encoded, Follower, refused, texts } from '../../src/testing/log-stage.js';
import { cutLink } from '../servers/cut-link.js';
import { natsPath } from '../servers/nats.js';
import { connectTo, natsStage } from '../servers/nats-stage.js';
import { pause, until } from '../servers/until.js';

const wide = { chunks: 10_000, bytes: 1 << 26 };
const by = (seq: number) => ({ producer: { id: 'p', epoch: 0, seq } });

/** What an append of one chunk did; `undefined` when it failed. */
async function appended(log: Log, seq: number): Promise<Appended | undefined> {
  try {
    return await log.append('s', texts(seq, 1), by(seq));
  } catch {
    return undefined;
  }
}

describe.skipIf(natsPath === undefined)('a log in NATS', () => {
  const stage = natsStage();

  it('keeps what it acknowledged when the server is killed, and goes on with the next', async () => {
    const log = await stage.log();
    await log.create('s');
    await log.create('t');
    const follower = new Follower(log, 's');
    let acknowledged = 0;
    const produce = (async () => {
      for (let n = 0; n < 400; n++) {
        await Promise.all([log.append('s', texts(n, 1), by(n)), log.append('t', texts(n, 1))]);
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
    expect((await log.read('t', 0, wide)).chunks, 'without a producer').toEqual(texts(0, 400));
    follower.stop();
  });

  it('keeps a batch in parts whole or not at all when the server is killed in the middle', async () => {
    const log = await stage.log();
    await log.create('s');
    const batch = Array.from({ length: 6 }, (_, n) => encoded(String.fromCharCode(97 + n).repeat(400_000)));
    for (let round = 0; round < 4; round++) {
      const appending = log.append('s', batch, by(6 * round));
      await pause(5 * round);
      await stage.server().kill();
      await stage.server().restart();
      const { next } = await log.read('s', 0, { chunks: 1, bytes: 1 });
      expect(next % 6, 'all six or none').toBe(0);
      await appending;
      expect((await log.read('s', 6 * round, wide)).chunks).toEqual(batch);
    }
    expect((await log.read('s', 0, wide)).chunks).toHaveLength(24);
  });

  it('keeps every append once while its connection is cut, also what has no producer', async () => {
    const link = await cutLink(stage.server().port);
    const connection = await connectTo(`127.0.0.1:${link.port}`);
    const log = createNatsLog(connection, { prefix: stage.prefix(), closeConnection: true });
    try {
      await log.create('s');
      await log.create('t');
      const follower = new Follower(log, 's');
      const harm = (async () => {
        for (let n = 0; n < 12; n++) {
          await pause(40);
          if (n % 2 === 0) link.mute();
          await pause(20);
          link.cut();
        }
      })();
      const appending: unknown[] = [];
      for (let n = 0; n < 100; n++) {
        appending.push(log.append('s', texts(n, 1), by(n)), log.append('t', texts(n, 1)));
        await pause(5);
      }
      await Promise.all(appending);
      await harm;
      await log.append('s', [], { close: { status: 'completed' }, ...by(100) });
      await until('the reader has everything', () => follower.end !== undefined);
      expect(follower.chunks).toEqual(texts(0, 100));
      expect((await log.read('t', 0, wide)).chunks).toEqual(texts(0, 100));
      follower.stop();
    } finally {
      await log.dispose();
      await link.dispose();
    }
  });

  it('says that an append may have been kept when nobody answers, and takes it again from its producer', async () => {
    const link = await cutLink(stage.server().port);
    const log = createNatsLog(await connectTo(`127.0.0.1:${link.port}`), {
      prefix: stage.prefix(),
      patienceMs: 1000,
      closeConnection: true,
    });
    try {
      const other = await stage.log();
      for (const name of ['s', 't']) await other.create(name);
      for (const name of ['s', 't']) await log.append(name, texts(0, 1), by(0));
      link.mute();
      const [bare, produced] = await Promise.all([
        refused('connection-lost', () => log.append('t', texts(1, 1))),
        refused('log-unavailable', () => log.append('s', texts(1, 1), by(1))),
      ]);
      expect(bare.message).toContain('may have been kept or not');
      expect(produced.message).toMatch(/^NATS cannot be reached/);
      for (const name of ['s', 't']) {
        expect((await other.read(name, 0, wide)).chunks, 'it was kept').toEqual(texts(0, 2));
      }
      link.cut();
      await until('it is reached', async () => (await appended(log, 1))?.duplicates === 1);
      expect((await log.read('s', 0, wide)).chunks).toEqual(texts(0, 2));
    } finally {
      await log.dispose();
      await link.dispose();
    }
  });

  it('says that nobody answers, and goes on when somebody does', async () => {
    const log = await stage.log({ patienceMs: 1000 });
    // It takes its time where nothing was kept before.
    await (await stage.log()).create('s');
    await stage.server().kill();
    await refused('log-unavailable', () => log.append('s', texts(0, 1), by(0)));
    await refused('log-unavailable', () => log.read('s', 0, wide));
    await stage.server().restart();
    await until('it is reached', async () => (await appended(log, 0)) !== undefined);
    expect((await log.read('s', 0, wide)).chunks).toEqual(texts(0, 1));
  });

  it('says that the log is full, keeps nothing of that, and takes more when there is room', async () => {
    const log = await stage.log({ maxTotalBytes: 4000 });
    await log.create('s');
    await log.append('s', [encoded('x'.repeat(2000))], by(0));
    const { details } = await refused('log-full', () =>
      log.append('s', [encoded('x'.repeat(2000))], { ...by(1), close: { status: 'completed' } }),
    );
    expect(details.streamId).toBe('s');
    expect(await log.info('s')).toMatchObject({ next: 1, status: 'active' });
    const manager = await jetstreamManager(stage.admin());
    await manager.streams.update(stage.prefix(), { max_bytes: 100_000 });
    expect(await log.append('s', texts(1, 1), by(1))).toMatchObject({ next: 2, duplicates: 0 });
  });

  it('names a stream in JetStream that is no log, or would lose what it keeps', async () => {
    const manager = await jetstreamManager(stage.admin());
    await manager.streams.add({ name: stage.prefix(), subjects: [`${stage.prefix()}.kept.>`], max_age: 1e12 });
    const { message } = await refused('log-incompatible', async () => (await stage.log()).create('s'));
    expect(message).toContain('its limits drop what is kept');
    expect(message).toContain('does not republish');
  });

  it('names a message that it has not written', async () => {
    const log = await stage.log();
    await log.create('s');
    await log.append('s', texts(0, 1));
    await jetstream(stage.admin()).publish(`${stage.prefix()}.kept.s`, 'hello');
    for (const call of [
      () => log.append('s', texts(1, 1)),
      () => log.read('s', 0, wide),
      () => log.info('s'),
      () => log.list(),
    ]) {
      const { details } = await refused('log-incompatible', call);
      expect(details.streamId).toBe('s');
    }
  });

  it('names chunks that were removed by hand', async () => {
    const log = await stage.log();
    await log.create('s');
    for (let n = 0; n < 12; n++) await log.append('s', texts(n, 1));
    const manager = await jetstreamManager(stage.admin());
    await manager.streams.deleteMessage(stage.prefix(), 6);
    expect((await log.read('s', 0, wide)).chunks, 'up to the hole').toEqual(texts(0, 4));
    const { details } = await refused('gap', () => log.read('s', 4, wide));
    expect(details).toMatchObject({ streamId: 's', seq: 4 });
    expect((await log.read('s', 5, wide)).chunks).toEqual(texts(5, 7));
  });

  it('begins anew when its stream in JetStream was removed', async () => {
    const log = await stage.log();
    await log.create('s');
    await log.append('s', texts(0, 3));
    const follower = new Follower(log, 's');
    await until('the reader is at the tail', () => follower.chunks.length === 3);
    await (await jetstreamManager(stage.admin())).streams.delete(stage.prefix());
    await refused('stream-not-found', () => log.append('s', texts(3, 1)));
    await refused('stream-not-found', () => log.read('s', 0, wide));
    await log.create('s');
    expect(await log.append('s', texts(0, 1))).toMatchObject({ first: 0 });
    follower.stop();
  });
});
