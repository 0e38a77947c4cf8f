import { asyncScheduler, lastValueFrom, Observable, take, toArray } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { createClient } from '../../src/client/index.js';
import { createGateway } from '../../src/gateway/index.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { createStreams } from '../../src/streams/index.js';
import type { Chunk } from '../../src/chunk/index.js';
import { createMemoryTransport } from '../../src/transport/memory.js';
import { textBodies } from '../bodies.js';
import { ClientStage } from './stage.js';

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `${from + i}`);

describe('createClient', () => {
  describe('its state', () => {
    it('is idle until it is used, and tells every change', async () => {
      const stage = new ClientStage();
      const states: string[] = [];
      stage.client.state.subscribe({ next: (state) => states.push(state), complete: () => states.push('|') });
      await stage.time.pass(1000);
      expect(states).toEqual(['idle']);
      stage.keep('s');
      stage.collect('s');
      await stage.time.pass(5);
      stage.transport.cut();
      await stage.time.pass(20);
      stage.client.close();
      expect(states).toEqual(['idle', 'connecting', 'open', 'waiting', 'connecting', 'open', 'closed', '|']);
    });
  });

  it('hears what the server tells it beside all streams', async () => {
    const stage = new ClientStage();
    const heard: unknown[] = [];
    stage.client.pushed.subscribe({ next: (data) => heard.push(data), complete: () => heard.push('|') });
    stage.collect('s');
    await stage.time.pass(5);
    expect(stage.gateway!.broadcast({ left: 7 })).toBe(1);
    await stage.time.pass(5);
    stage.client.close();
    expect(heard).toEqual([{ left: 7 }, '|']);
  });

  describe('receive', () => {
    it('brings what is kept, what comes, and the end', async () => {
      const stage = new ClientStage();
      stage.keep('s', 'a', 'b');
      const { got } = stage.collect('s');
      await stage.time.pass(5);
      expect(got).toEqual(['a', 'b']);
      stage.keep('s', 'c');
      await stage.time.pass(5);
      stage.end('s');
      await stage.time.pass(5);
      expect(got).toEqual(['a', 'b', 'c', 'completed']);
      expect(stage.reading()).toEqual([]);
    });

    it('begins where it is told to', async () => {
      const stage = new ClientStage();
      stage.keep('s', 'a', 'b');
      const number = stage.collect('s', { from: 1 });
      const now = stage.collect('s', { from: 'now' });
      await stage.time.pass(5);
      stage.keep('s', 'c');
      await stage.time.pass(5);
      expect(number.got).toEqual(['b', 'c']);
      expect(now.got).toEqual(['c']);
    });

    it('is cold: each subscriber reads for itself, over a connection more when the stream is being read', async () => {
      const stage = new ClientStage();
      stage.keep('s', 'a');
      const chunks$ = stage.client.receive('s');
      await stage.time.pass(5);
      expect(stage.gateway!.connections()).toHaveLength(0);
      const first: unknown[] = [];
      const second: unknown[] = [];
      const one = chunks$.subscribe(({ data }) => first.push(data));
      const other = chunks$.subscribe(({ data }) => second.push(data));
      await stage.time.pass(5);
      expect([first, second]).toEqual([['a'], ['a']]);
      expect(stage.gateway!.connections()).toHaveLength(2);
      one.unsubscribe();
      other.unsubscribe();
      await stage.time.pass(5);
      // The first connection stays; the other was for this only.
      expect(stage.gateway!.connections().map(({ reading }) => reading)).toEqual([[]]);
    });

    it('leaves the stream when its subscriber does, at once', async () => {
      const stage = new ClientStage();
      stage.keep('s', 'a', 'b', 'c');
      const got = stage.time.until(lastValueFrom(stage.client.receive('s').pipe(take(2), toArray())));
      expect((await got).map(({ data }) => data)).toEqual(['a', 'b']);
      await stage.time.pass(5);
      expect(stage.reading()).toEqual([]);
    });

    it('can be left and begun again from elsewhere, in one breath', async () => {
      const stage = new ClientStage();
      stage.keep('s', ...numbers(0, 10));
      for (const from of [0, 5, 'now', 7] as const) stage.collect('s', { from }).subscription.unsubscribe();
      await stage.time.pass(5);
      stage.collect('s', { from: 2 }).subscription.unsubscribe();
      const { got } = stage.collect('s', { from: 8 });
      await stage.time.pass(5);
      expect(got).toEqual(['8', '9']);
      expect(stage.reading()).toEqual(['s 10']);
    });

    it('fails for a stream that is not there, and that only', async () => {
      const stage = new ClientStage();
      stage.keep('s', 'a');
      const [none, there] = [stage.collect('nobody'), stage.collect('s')];
      await stage.time.pass(5);
      expect(none.got).toEqual(['failed stream-not-found']);
      expect(there.got).toEqual(['a']);
    });

    it('goes on where it was, whatever the connection does', async () => {
      const stage = new ClientStage({ client: { window: { chunks: 16, bytes: 1000 } } });
      stage.keep('s');
      const { got } = stage.collect('s');
      for (let i = 0; i < 20; i++) {
        stage.keep('s', ...numbers(i * 10, i * 10 + 10));
        await stage.time.pass(i % 7);
        if (i % 3 === 0) stage.transport.cut();
      }
      stage.end('s');
      await stage.time.pass(2000);
      expect(got).toEqual([...numbers(0, 200), 'completed']);
    });

    it('fails with what the log has let go, or goes on behind it', async () => {
      const stage = new ClientStage();
      stage.keep('s', ...numbers(0, 10));
      stage.log.trim('s', 4);
      stage.end('s');
      const strict = stage.collect('s', { from: 0 });
      const lenient = stage.collect('s', { from: 0, onGap: 'skip' });
      const beginning = stage.collect('s');
      await stage.time.pass(5);
      expect(strict.got).toEqual(['failed gap']);
      expect(lenient.got).toEqual([...numbers(4, 10), 'completed']);
      expect(beginning.got).toEqual([...numbers(4, 10), 'completed']);
    });
  });

  describe('read', () => {
    it('holds the server back to a window, until the consumer takes', async () => {
      const stage = new ClientStage({ client: { window: { chunks: 8, bytes: 1 << 20 } } });
      stage.keep('s', ...numbers(0, 100));
      const chunks = stage.client.read('s');
      await stage.time.pass(50);
      expect(stage.gateway!.connections()).toHaveLength(0);
      const first = await stage.time.until(chunks.next());
      expect(first.value).toMatchObject({ seq: 0, data: '0' });
      await stage.time.pass(1000);
      // A window, and what was taken.
      expect(stage.reading()).toEqual(['s 9']);
      for (let i = 1; i < 5; i++) await stage.time.until(chunks.next());
      await stage.time.pass(1000);
      const [reading = ''] = stage.reading();
      expect(Number(reading.slice(2))).toBeLessThanOrEqual(13);
      for (let i = 5; i < 100; i++) expect((await stage.time.until(chunks.next())).value).toMatchObject({ seq: i });
      await chunks[Symbol.asyncDispose]();
      await stage.time.pass(5);
      expect(stage.reading()).toEqual([]);
    });

    it('ends as the stream does', async () => {
      const stage = new ClientStage();
      stage.keep('s', 'a');
      stage.log.append('s', [], { close: { status: 'failed', reason: 'broke' } });
      const chunks = stage.client.read('s');
      expect((await stage.time.until(chunks.next())).value).toMatchObject({ data: 'a' });
      await expect(stage.time.until(chunks.next())).rejects.toMatchObject({ code: 'stream-failed' });
      expect(await chunks.next()).toEqual({ done: true, value: undefined });
    });

    it('is left at once, also while a chunk is waited for', async () => {
      const stage = new ClientStage();
      stage.keep('s');
      const chunks = stage.client.read('s');
      const pending = chunks.next();
      await stage.time.pass(5);
      expect(stage.reading()).toEqual(['s 0']);
      await chunks.return!();
      expect(await pending).toEqual({ done: true, value: undefined });
      await stage.time.pass(5);
      expect(stage.reading()).toEqual([]);
    });

    it('takes the credit back that leaked into chunks which were lost and then trimmed', async () => {
      let lose = false;
      const stage = new ClientStage({
        client: { window: { chunks: 4, bytes: 1 << 20 }, gapMs: 50 },
        transport: { faults: { toClient: { loss: () => lose } } },
      });
      stage.keep('s', 'a');
      const { got } = stage.collect('s', { onGap: 'skip' });
      await stage.time.pass(5);
      for (let round = 0; round < 4; round++) {
        lose = true;
        stage.keep('s', 'lost');
        await stage.time.pass(2);
        lose = false;
        const { next } = stage.log.info('s')!;
        stage.log.trim('s', next);
        stage.keep('s', `${round}`);
        await stage.time.pass(1000);
      }
      expect(got).toEqual(['a', '0', '1', '2', '3']);
    });
  });

  describe('publish', () => {
    it('resolves when the server keeps the chunks, and makes the stream', async () => {
      const stage = new ClientStage();
      const first = stage.client.publish('s', textBodies('a', 'b'));
      const second = stage.client.publish('s', textBodies('c'), { close: { status: 'completed' } });
      expect(await stage.time.until(first)).toEqual({ next: 3 });
      expect(await stage.time.until(second)).toEqual({ next: 3 });
      expect(stage.log.info('s')).toMatchObject({ next: 3, status: 'completed' });
      const { got } = stage.collect('s');
      await stage.time.pass(5);
      expect(got).toEqual(['a', 'b', 'c', 'completed']);
    });

    it('makes a stream without chunks as well', async () => {
      const stage = new ClientStage();
      expect(await stage.time.until(stage.client.publish('s', []))).toEqual({ next: 0 });
      expect(stage.log.info('s')).toMatchObject({ next: 0, status: 'active' });
    });

    it('takes over from an earlier life under the same name, and keeps what both wrote', async () => {
      const stage = new ClientStage();
      const first = stage.another({ producer: 'the writer' });
      await stage.time.until(first.publish('s', textBodies('a', 'b')));
      await stage.time.pass(5);
      const second = stage.another({ producer: 'the writer' });
      await stage.time.until(second.publish('s', textBodies('c')));
      const late = stage.time.until(first.publish('s', textBodies('d')));
      await expect(late).rejects.toMatchObject({ code: 'producer-fenced' });
      const { got } = stage.collect('s');
      await stage.time.pass(5);
      expect(got).toEqual(['a', 'b', 'c']);
    });

    it('goes on with a server that was away, from what it keeps', async () => {
      const stage = new ClientStage();
      await stage.time.until(stage.client.publish('s', textBodies('a')));
      stage.stop();
      await stage.time.pass(5);
      const away = stage.client.publish('s', textBodies('b'));
      await stage.time.pass(100);
      stage.serve();
      expect(await stage.time.until(away)).toEqual({ next: 2 });
    });

    it('fails when a server comes back without what it had acknowledged, and then begins anew', async () => {
      const stage = new ClientStage();
      await stage.time.until(stage.client.publish('s', textBodies('a')));
      stage.stop();
      stage.log.delete('s');
      await stage.time.pass(5);
      const lost = stage.client.publish('s', textBodies('b'));
      stage.serve();
      await expect(stage.time.until(lost)).rejects.toMatchObject({ code: 'sequence-gap' });
      expect(await stage.time.until(stage.client.publish('s', textBodies('c')))).toEqual({ next: 1 });
    });
  });

  describe('cancel', () => {
    it('ends the stream for its readers and tells its writers', async () => {
      const stage = new ClientStage();
      const stopped: unknown[] = [];
      stage.client.stopped.subscribe((one) => stopped.push(one));
      await stage.time.until(stage.client.publish('s', textBodies('a')));
      const { got } = stage.collect('s');
      await stage.time.pass(5);
      stage.another().cancel('s', 'enough');
      await stage.time.pass(5);
      expect(got).toEqual(['a', 'failed stream-cancelled']);
      expect(stopped).toEqual([{ streamId: 's', reason: 'enough' }]);
      const late = stage.client.publish('s', textBodies('b'));
      await expect(stage.time.until(late)).rejects.toMatchObject({ code: 'stream-cancelled' });
    });

    it('needs no reason, and no connection at the time', async () => {
      const stage = new ClientStage();
      stage.keep('s');
      stage.transport.reachable = false;
      stage.client.cancel('s');
      await stage.time.pass(50);
      stage.transport.reachable = true;
      await stage.time.pass(50);
      expect(stage.log.info('s')).toMatchObject({ status: 'cancelled' });
    });
  });

  describe('its end', () => {
    it('comes when so many attempts have failed: everything fails, then and later', async () => {
      const stage = new ClientStage({ client: { maxRetries: 2 } });
      stage.transport.reachable = false;
      const { got } = stage.collect('s');
      const published = stage.client.publish('s', textBodies('a'));
      await expect(stage.time.until(published)).rejects.toMatchObject({ code: 'connection-lost' });
      const late = stage.collect('s');
      expect([got, late.got]).toEqual([['failed connection-lost'], ['failed connection-lost']]);
    });

    it('comes with close, which leaves the server in good order', async () => {
      const stage = new ClientStage();
      stage.keep('s');
      const readers = [stage.collect('s'), stage.collect('s')];
      await stage.time.pass(5);
      expect(stage.gateway!.connections()).toHaveLength(2);
      stage.client.close();
      stage.client.close();
      await stage.time.pass(5);
      expect(readers.map(({ got }) => got)).toEqual([['failed client-closed'], ['failed client-closed']]);
      expect(stage.gateway!.connections()).toHaveLength(0);
      expect(stage.collect('s').got).toEqual(['failed client-closed']);
      await expect(stage.client.publish('s', textBodies('a'))).rejects.toMatchObject({ code: 'client-closed' });
    });

    it('leaves no timer behind', async () => {
      const stage = new ClientStage();
      stage.keep('s', 'a');
      stage.collect('s');
      await stage.time.pass(5);
      stage.client.close();
      stage.stop();
      await stage.time.pass(5);
      expect(stage.time.actions).toEqual([]);
    });
  });

  it('reads nothing for a subscriber that has gone before it came', async () => {
    const stage = new ClientStage();
    stage.keep('s', 'a');
    new Observable<Chunk>((destination) => {
      destination.complete();
      stage.client.receive('s').subscribe(destination);
    }).subscribe();
    await stage.time.pass(5);
    expect(stage.gateway!.connections()).toEqual([]);
  });

  it('needs nothing but a transport', async () => {
    const streams = createStreams({ log: createMemoryLog() });
    const gateway = createGateway({ streams });
    const client = createClient({ transport: createMemoryTransport(gateway) });
    await client.publish('s', textBodies('a'), { close: { status: 'completed' } });
    const got: unknown[] = [];
    for await (const { data } of client.read('s')) got.push(data);
    expect(got).toEqual(['a']);
    client.close();
    gateway.close();
  });

  it('makes do with microtasks where there is no setImmediate', async () => {
    vi.stubGlobal('setImmediate', undefined);
    const gateway = createGateway({ streams: createStreams({ log: createMemoryLog() }) });
    const client = createClient({ transport: createMemoryTransport(gateway), scheduler: asyncScheduler });
    vi.unstubAllGlobals();
    expect(await client.publish('s', textBodies('a'))).toEqual({ next: 1 });
    client.close();
    gateway.close();
  });
});
