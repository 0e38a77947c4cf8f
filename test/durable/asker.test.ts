import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Outflow } from 'sluice/durable';
import { createMemoryLog } from 'sluice/log/memory';
import { Asker } from '../../src/durable/asker.js';
import { encodedTexts } from '../bodies.js';
import { type Ask, open, put } from './who-asks.js';

describe('Asker', () => {
  it('lets everybody do what is his, and notes whose it is', async () => {
    const { status, streams, durable } = open();
    expect(await status('a', put)).toBe(401);
    expect(await status('a', { ...put, as: 'ann' })).toBe(201);
    expect((await streams.info('a'))?.metadata).toEqual({ 'sluice.owner': 'ann' });
    const post: Ask = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' };
    for (const wish of [{}, post, { method: 'HEAD' }, { method: 'DELETE' }, put]) {
      expect(await status('a', { ...wish, as: 'bob' }), JSON.stringify(wish)).toBe(403);
    }
    expect(await status('a', { ...post, as: 'ann' })).toBe(204);
    expect(await status('a?offset=-1', { as: 'ann' })).toBe(200);
    expect(await status('a', { method: 'DELETE', as: 'ann' })).toBe(204);
    durable.dispose();
  });

  it('says how to come again', async () => {
    const { ask } = open();
    expect((await ask('a')).headers).toMatchObject({ 'www-authenticate': 'Bearer' });
  });

  it('lets nobody fork what he may not read', async () => {
    const { status } = open();
    await status('a', { ...put, as: 'ann' });
    const fork: Ask = { method: 'PUT', headers: { 'stream-forked-from': '/v1/stream/a' } };
    expect([await status('b', { ...fork, as: 'bob' }), await status('b', { ...fork, as: 'ann' })]).toEqual([403, 201]);
    expect(await status('c', { method: 'PUT', headers: { 'stream-forked-from': '/elsewhere' }, as: 'bob' })).toBe(404);
  });

  it('shows its books to nobody, and subscriptions to who may do everything', async () => {
    const { status } = open();
    expect(await status('sluice/server/subscriptions', { as: 'ann' })).toBe(403);
    expect(await status('__ds/subscriptions/x', { as: 'ann' })).toBe(403);
    expect([await status('__ds/jwks.json'), await status('__ds/subscriptions/x/ack', { method: 'POST' })]).toEqual([
      501, 501,
    ]);
  });

  it('takes a stream whose time is over for none: who comes creates it, and it is his', async () => {
    const scheduler = new VirtualTimeScheduler();
    const { status, streams, durable } = open({ scheduler }, createMemoryLog({ now: () => scheduler.now() }));
    const brief: Ask = { method: 'PUT', headers: { 'content-type': 'text/plain', 'stream-ttl': '1' } };
    expect(await status('a', { ...brief, as: 'ann' })).toBe(201);
    expect(await status('a', { ...brief, as: 'bob' })).toBe(403);
    const { life } = (await streams.info('a'))!;
    scheduler.frame = 1000;
    expect(await status('a', { ...brief, as: 'bob' })).toBe(201);
    expect(await streams.info('a')).toMatchObject({ metadata: { 'sluice.owner': 'bob' } });
    expect((await streams.info('a'))!.life).not.toBe(life);
    durable.dispose();
  });

  it('decides when a body has come, and not before, whose stream it is for', async () => {
    const { ask, streams } = open();
    await ask('a', { ...put, as: 'ann' });
    for (const method of ['POST', 'PUT']) {
      const slow: Ask = {
        method,
        headers: { 'content-type': 'text/plain', 'content-length': '9000' },
        body: 'x'.repeat(9000),
        as: 'ann',
        arriving: async () => {
          await streams.delete('a');
          await streams.create('a', { contentType: 'text/plain', metadata: { 'sluice.owner': 'bob' } });
        },
      };
      expect((await ask('a', slow)).status, method).toBe(403);
      expect(await streams.info('a')).toMatchObject({ next: 0, metadata: { 'sluice.owner': 'bob' } });
      await streams.delete('a');
      await streams.create('a', { contentType: 'text/plain', metadata: { 'sluice.owner': 'ann' } });
    }
  });

  it('does not receive a large body of who may not write', async () => {
    const { status } = open();
    await status('a', { ...put, as: 'ann' });
    for (const method of ['POST', 'PUT']) {
      let arrived = false;
      const headers = { 'content-type': 'text/plain', 'content-length': '9000' };
      const arriving = async () => await Promise.resolve(void (arrived = true));
      expect([await status('a', { method, headers, as: 'bob', arriving }), arrived]).toEqual([403, false]);
      expect([await status('new', { method, headers, arriving }), arrived]).toEqual([401, false]);
    }
  });

  it('deletes no other stream of the name than the one that was asked about', async () => {
    const { ask, streams } = open();
    await ask('a', { ...put, as: 'ann' });
    const remove = streams.delete.bind(streams);
    const deleted: unknown[] = [];
    streams.delete = (name, life) => {
      deleted.push(life);
      return remove(name, life);
    };
    const { life } = (await streams.info('a'))!;
    expect((await ask('a', { method: 'DELETE', as: 'ann' })).status).toBe(204);
    expect(deleted).toEqual([life]);
  });

  it('ends what somebody reads when the stream is removed and another comes, and shows nothing of that', async () => {
    const { ask, streams } = open({ longPollTimeoutMs: 60_000 });
    await ask('a', { ...put, as: 'ann' });
    const told: string[] = [];
    const sse = (await ask('a?offset=now&live=sse', { as: 'ann' })).body as Outflow;
    sse.start({
      write: (bytes) => told.push(new TextDecoder().decode(bytes)) > 0,
      end: () => void told.push('end'),
      abort: () => void told.push('abort'),
    });
    const poll = ask('a?offset=now&live=long-poll', { as: 'ann' });
    await expect.poll(() => told.length).toBe(1);
    // Through another gateway: nothing but the log tells of it.
    await streams.log.delete('a');
    await streams.log.create('a', { contentType: 'text/plain', metadata: { 'sluice.owner': 'bob' } });
    await streams.log.append('a', encodedTexts('his'));
    await expect.poll(() => told.at(-1)).toBe('end');
    expect(told.join('')).not.toContain('his');
    expect((await poll).status).toBe(404);
    expect((await ask('a?offset=-1', { as: 'ann' })).status).toBe(403);
  });

  it('takes nothing from another stream for a fork than the one that somebody may read', async () => {
    const { ask, streams } = open();
    await ask('a', { ...put, as: 'ann' });
    await streams.append('a', encodedTexts('mine'));
    const { log } = streams;
    const read = log.read.bind(log);
    log.read = (...asked) => {
      log.read = read;
      void log.delete('a');
      void log.create('a', { contentType: 'text/plain', metadata: { 'sluice.owner': 'bob' } });
      void log.append('a', encodedTexts('his'));
      return read(...asked);
    };
    const fork: Ask = { method: 'PUT', headers: { 'stream-forked-from': '/v1/stream/a' }, as: 'ann' };
    expect((await ask('b', fork)).status).toBe(404);
    expect((await streams.info('b'))?.next ?? 0).toBe(0);
  });

  it('leaves a fork that is being made to who makes it', async () => {
    const { status, streams } = open();
    const fork = { from: 'a', at: '0000000000000005', sub: 0, count: 5, base: 0 };
    await streams.create('b', { metadata: { durable: { fork }, 'sluice.owner': 'ann' } });
    expect([await status('b', { ...put, as: 'bob' }), await status('b', { ...put, as: 'ann' })]).toEqual([403, 201]);
  });

  it('fills no other stream than the one that was created', async () => {
    const { ask, streams } = open();
    const create = streams.create.bind(streams);
    streams.create = async (name, config) => {
      await create(name, config);
      await streams.log.delete(name);
      await create(name, { metadata: { 'sluice.owner': 'bob' } });
    };
    expect((await ask('a', { ...put, body: 'x', as: 'ann' })).status).toBe(404);
    expect((await streams.info('a'))?.next).toBe(0);
  });

  it('lets nobody write when his time was over before his body had come', async () => {
    const scheduler = new VirtualTimeScheduler();
    const { ask, streams } = open({ scheduler });
    await ask('a', { ...put, as: 'ann' });
    for (const [method, name] of [
      ['POST', 'a'],
      ['PUT', 'b'],
    ] as const) {
      scheduler.frame = 0;
      const arriving = async () => await Promise.resolve(void (scheduler.frame = 100));
      const reply = await ask(name, { ...put, method, body: 'x', as: 'ann', until: 100, arriving });
      expect([reply.status, new TextDecoder().decode(reply.body as Uint8Array)]).toEqual([
        401,
        '{"code":"expired","message":"the time of the credentials is over"}',
      ]);
    }
    expect([(await streams.info('a'))?.next, await streams.info('b')]).toEqual([0, undefined]);
  });

  it('ends what somebody reads when his time is over', async () => {
    const scheduler = new VirtualTimeScheduler();
    const { ask, streams } = open({ scheduler });
    await ask('a', { ...put, as: 'ann' });
    const told: string[] = [];
    const listen = (body: Outflow): void =>
      body.start({
        write: () => false,
        end: () => void told.push(`end ${scheduler.frame}`),
        abort: () => void told.push(`abort ${scheduler.frame}`),
      });
    listen((await ask('a?offset=-1&live=sse', { as: 'ann', until: 100 })).body as Outflow);
    await streams.append('a', encodedTexts(...Array.from({ length: 5000 }, () => 'x')));
    await ask('b', { ...put, as: 'ann' });
    const polled = ask('b?offset=now&live=long-poll', { as: 'ann', until: 200 });
    listen((await ask('a?offset=-1', { as: 'ann', until: 300 })).body as Outflow);
    listen((await ask('a?offset=-1', { as: 'ann', until: Infinity })).body as Outflow);
    scheduler.maxFrames = 400;
    scheduler.flush();
    expect(told).toEqual(['end 100', 'abort 300']);
    expect((await polled).status).toBe(204);
  });

  it("lets everybody do everything where nobody says who may, and what is created is nobody's", async () => {
    const asker = new Asker(undefined, undefined, () => 0);
    expect(await asker.check('read', 'a', undefined)).toBeUndefined();
    expect(await asker.checkCreate('a')).toBe('');
  });
});
