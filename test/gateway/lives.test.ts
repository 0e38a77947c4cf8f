import { afterEach, describe, expect, it } from 'vitest';
import { ownersAndScopes } from 'sluice/auth/owners-and-scopes';
import { createGateway } from 'sluice/gateway';
import { createLmdbLog } from 'sluice/log/lmdb';
import { createMemoryLog } from 'sluice/log/memory';
import { createAccess, createStreams } from 'sluice/streams';
import { textBodies } from '../bodies.js';
import { temporaryFolders } from '../log/lmdb/temporary.js';
import { natsPath } from '../servers/nats.js';
import { natsStage } from '../servers/nats-stage.js';
import { redisPath } from '../servers/redis.js';
import { redisStage } from '../servers/redis-stage.js';
import { until } from '../servers/until.js';
import type { Log } from '../../src/log/log.js';
import { TestLink } from './stage.js';

/** Two gateways as two processes would have them, on what is kept in one place. */
function isTied(place: () => Promise<readonly [one: Log, other: Log]>): void {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  function gatewayOn(log: Log) {
    const streams = createStreams({ log });
    const access = createAccess({ streams, authorize: ownersAndScopes });
    const gateway = createGateway({ streams, access });
    const connect = (id: string): TestLink => {
      const link = new TestLink();
      link.events = gateway.accept(link, { transport: 'test', principal: { id } });
      return link;
    };
    closing.push(() => gateway.close());
    return { streams, connect };
  }

  const publish = (link: TestLink, producer: string, seq: number, data: string): void =>
    link.say({ t: 'publish', stream: 's', producer, epoch: 0, seq, chunks: textBodies(data) });
  const answered = async (link: TestLink, producer: string): Promise<string> => {
    const answers = () => [...link.all('ack'), ...link.all('error')].filter((frame) => frame.producer === producer);
    await until(`${producer} is answered`, () => answers().length > 0);
    return answers()
      .map((frame) => (frame.t === 'error' ? frame.code : 'kept'))
      .join();
  };

  it('neither reads nor writes what has come in the place of a stream', async () => {
    const [here, elsewhere] = (await place()).map(gatewayOn) as [
      ReturnType<typeof gatewayOn>,
      ReturnType<typeof gatewayOn>,
    ];
    const ann = here.connect('ann');
    publish(ann, 'p', 0, 'mine');
    expect(await answered(ann, 'p')).toBe('kept');
    ann.subscribe('s', 'now');
    await until('ann follows', () => ann.all('subscribed').length > 0);
    // Behind the tail, and with nothing to read for: she is not looked for before she asks for more.
    const slow = here.connect('ann');
    slow.subscribe('s', 'beginning', 0, 0);
    await until('ann waits', () => slow.all('subscribed').length > 0);

    await elsewhere.streams.delete('s');
    const bob = elsewhere.connect('bob');
    publish(bob, 'q', 0, 'his');
    expect(await answered(bob, 'q')).toBe('kept');
    publish(bob, 'q2', 0, 'too');
    expect(await answered(bob, 'q2')).toBe('kept');

    publish(ann, 'forger', 0, 'forged');
    expect(await answered(ann, 'forger')).toBe('forbidden');
    slow.say({ t: 'credit', ch: slow.all('subscribed')[0]!.ch, chunks: 9, bytes: 99 });
    for (const link of [ann, slow]) {
      await until('the reader is told', () => link.all('error').some(({ code }) => code === 'stream-not-found'));
      expect(link.all('data')).toEqual([]);
    }
    ann.say({ t: 'cancel', stream: 's' });
    await until('the cancel is answered', () => ann.all('error').filter(({ code }) => code === 'forbidden').length > 1);
    expect(await here.streams.info('s')).toMatchObject({
      next: 2,
      status: 'active',
      metadata: { 'sluice.owner': 'bob' },
    });
  });

  it('goes on with what he may write to under the same name', async () => {
    const [here, elsewhere] = (await place()).map(gatewayOn) as [
      ReturnType<typeof gatewayOn>,
      ReturnType<typeof gatewayOn>,
    ];
    const ann = here.connect('ann');
    publish(ann, 'p', 0, 'a');
    expect(await answered(ann, 'p')).toBe('kept');
    await elsewhere.streams.delete('s');
    // Nobody has made it anew: it is hers again, and not nobody's.
    publish(ann, 'p2', 0, 'b');
    publish(ann, 'p2', 1, 'c');
    await until('both are kept', () => ann.all('ack').filter(({ producer }) => producer === 'p2').length === 2);
    expect(await elsewhere.streams.info('s')).toMatchObject({ next: 2, metadata: { 'sluice.owner': 'ann' } });
    expect(ann.all('error')).toEqual([]);
  });
}

describe('a permission is tied to the life of a stream', () => {
  describe('in memory', () =>
    isTied(async () => {
      const log = createMemoryLog();
      return await Promise.resolve([log, log]);
    }));

  describe('in a folder', () => {
    const folder = temporaryFolders();
    let log: Log;
    afterEach(async () => await log.dispose());
    isTied(async () => {
      log = await createLmdbLog(folder());
      return [log, log];
    });
  });

  describe.skipIf(redisPath === undefined)('in Redis', () => {
    const stage = redisStage();
    isTied(async () => await Promise.resolve([stage.log('ioredis'), stage.log('redis')]));
  });

  describe.skipIf(natsPath === undefined)('in NATS', () => {
    const stage = natsStage();
    isTied(async () => [await stage.log(), await stage.log()]);
  });
});
