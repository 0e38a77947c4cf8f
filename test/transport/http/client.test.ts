import { mergeMap, take, toArray, lastValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stamp } from '../../../operators/stamp.js';
import {
  createHttpProducer,
  type HttpLive,
  httpStream,
  pullHttp,
  readHttp,
  toChunks,
} from '../../../src/transport/http/client.js';
import { until } from '../../servers/until.js';
import { all, hasty } from './lab.js';
import { durableServers, type DurableServer } from './durable-servers.js';

const lives: HttpLive[] = ['auto', 'long-poll', 'sse'];

describe.each(durableServers)('with %s', (_, start) => {
  let server: DurableServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.close());

  it('makes, writes, describes, closes and removes a stream', async () => {
    const stream = httpStream({ url: server.fresh(), contentType: 'text/plain', retry: hasty });
    expect(await stream.create({ ttlMs: 60_000 })).toMatchObject({ created: true });
    expect(await stream.create({ ttlMs: 60_000 })).toMatchObject({ created: false });
    const { offset } = await stream.append('Call me ');
    await stream.append('Ishmael.', { seq: 'b' });
    await expect(stream.append('x', { seq: 'a' })).rejects.toMatchObject({ code: 'sequence-gap' });
    expect(await stream.head()).toMatchObject({ closed: false, contentType: 'text/plain', ttlMs: 60_000 });
    const end = await stream.close('!');
    expect(end.offset! > offset!).toBe(true);
    expect(await stream.head()).toMatchObject({ closed: true, offset: end.offset });
    await expect(stream.append('y')).rejects.toMatchObject({ code: 'stream-closed', offset: end.offset });
    await stream.delete();
    await expect(stream.head()).rejects.toMatchObject({ code: 'stream-not-found' });
  });

  it('refuses a stream that is unlike the one there is, and data of another type', async () => {
    const url = server.fresh();
    await httpStream({ url, contentType: 'text/plain' }).create();
    const other = httpStream({ url, contentType: 'application/json' });
    await expect(other.create()).rejects.toMatchObject({ code: 'stream-exists' });
    await expect(other.append(1)).rejects.toMatchObject({ code: 'data-malformed', details: { field: 'contentType' } });
  });

  it('makes a stream that begins as a copy', async () => {
    const url = server.fresh();
    const source = httpStream({ url, contentType: 'application/json' });
    const { offset } = await source.create({ items: [1, 2] });
    await source.append(3);
    const copy = server.fresh();
    const forked = { forkedFrom: new URL(url).pathname, forkOffset: offset! };
    await httpStream({ url: copy, contentType: 'application/json' }).create(forked);
    const batches = await all(pullHttp({ url: copy, live: false }));
    expect(batches.flatMap(({ items }) => items)).toEqual([1, 2]);
  });

  it.each(lives)('reads what is there and what comes, over %s, until it is closed', async (live) => {
    const url = server.fresh();
    const stream = httpStream({ url, contentType: 'application/json' });
    await stream.create({ items: [{ n: 0 }, [1]] });
    const seen: unknown[] = [];
    let done = false;
    readHttp({ url, live, retry: hasty }).subscribe({
      next: ({ items }) => seen.push(...items),
      complete: () => (done = true),
    });
    await until('the first have come', () => seen.length === 2);
    await stream.append({ n: 2 });
    await until('the third has come', () => seen.length === 3);
    await stream.close({ n: 3 });
    await until('it is over', () => done);
    expect(seen).toEqual([{ n: 0 }, [1], { n: 2 }, { n: 3 }]);
  });

  it.each(lives)('reads bytes over %s', async (live) => {
    const url = server.fresh();
    const stream = httpStream({ url });
    await stream.create();
    const bytes: number[] = [];
    let ended: Promise<void> | undefined;
    const first = Uint8Array.from({ length: 256 }, (_, i) => i);
    for await (const { items, upToDate } of pullHttp({ url, live, as: 'bytes' })) {
      for (const item of items) bytes.push(...item);
      // From here on it comes over the way it waits.
      if (upToDate) ended ??= stream.append(first).then(async () => void (await stream.close(new Uint8Array([1]))));
    }
    await ended;
    expect(bytes).toEqual([...first, 1]);
  });

  it.each(lives)('goes on behind any batch, over %s', async (live) => {
    const url = server.fresh();
    const stream = httpStream({ url, contentType: 'text/plain' });
    await stream.create();
    const offsets: string[] = [];
    for (const word of ['a', 'b', 'c']) offsets.push((await stream.append(word)).offset!);
    await stream.close();
    for (const [i, offset] of offsets.entries()) {
      const batches = await all(pullHttp({ url, live, offset }));
      expect(batches.flatMap(({ items }) => items).join('')).toBe('abc'.slice(i + 1));
      expect(batches.at(-1)).toMatchObject({ closed: true });
    }
  });

  it('reads from now on', async () => {
    const url = server.fresh();
    const stream = httpStream({ url, contentType: 'text/plain' });
    await stream.create({ items: ['old'] });
    const reading = pullHttp({ url, offset: 'now' });
    const { value: first } = await reading.next();
    expect(first).toMatchObject({ items: [], upToDate: true });
    await stream.append('new');
    const seen: unknown[] = [];
    while (seen.length === 0) seen.push(...(await reading.next()).value!.items);
    expect(seen).toEqual(['new']);
    await reading.return!();
  });

  it('keeps what a producer sends once and in order, with ten requests under way', async () => {
    const url = server.fresh();
    await httpStream({ url, contentType: 'application/json' }).create();
    const options = { url, contentType: 'application/json', producerId: 'p', maxBatchItems: 7, maxInFlight: 10 };
    const producer = createHttpProducer({ ...options, retry: hasty });
    const numbers = Array.from({ length: 1000 }, (_, i) => i);
    for (const n of numbers) void producer.append(n);
    await producer.close();
    const batches = await all(pullHttp({ url }));
    expect(batches.flatMap(({ items }) => items)).toEqual(numbers);
  });

  it('takes what a life of the same epoch sends again for what it is', async () => {
    const url = server.fresh();
    await httpStream({ url, contentType: 'text/plain' }).create();
    const life = async (epoch: number) => {
      const producer = createHttpProducer({ url, contentType: 'text/plain', producerId: 'p', epoch });
      return producer.append('once');
    };
    expect(await life(0)).toMatchObject({ duplicate: false });
    expect(await life(0)).toMatchObject({ duplicate: true });
    expect(await life(1)).toMatchObject({ duplicate: false });
    await expect(life(0)).rejects.toMatchObject({ code: 'producer-fenced', epoch: 1 });
  });

  it('makes chunks of what it reads', async () => {
    const url = server.fresh();
    const { offset } = await httpStream({ url, contentType: 'application/json' }).create({
      items: [1, 2],
      closed: true,
    });
    const chunks = await lastValueFrom(readHttp({ url }).pipe(toChunks({ streamId: 's' }), toArray()));
    expect(chunks).toMatchObject([
      { streamId: 's', seq: 0, data: 1, metadata: {} },
      { streamId: 's', seq: 1, data: 2, metadata: { offset } },
    ]);
    const stamped = readHttp({ url }).pipe(
      mergeMap(({ items }) => items),
      stamp({ streamId: 's' }),
      take(1),
    );
    expect(await lastValueFrom(stamped)).toMatchObject({ seq: 0, data: 1 });
  });

  it('says what an offset is that the server does not know', async () => {
    const url = server.fresh();
    await httpStream({ url, contentType: 'text/plain' }).create({ items: ['a'] });
    await expect(all(pullHttp({ url, offset: 'no offset', live: false }))).rejects.toMatchObject({
      code: 'data-malformed',
      status: 400,
      details: { field: 'offset' },
    });
  });
});
