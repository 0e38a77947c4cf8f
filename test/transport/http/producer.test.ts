import { getEventListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createHttpProducer,
  type HttpProducer,
  type HttpProducerOptions,
} from '../../../src/transport/http/producer.js';
import { pause, until } from '../../servers/until.js';
import { VirtualTime } from '../../virtual-time.js';
import { type Answer, type Asked, closed, failureOf, hasty, Lab } from './lab.js';
import { Keeper } from './keeper.js';

let lab: Lab | undefined;

afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

async function producerOf(answer: Answer, options: Partial<HttpProducerOptions> = {}): Promise<HttpProducer> {
  lab = await Lab.start(answer);
  return createHttpProducer({ url: lab.url, producerId: 'p', contentType: 'text/plain', retry: hasty, ...options });
}

const kept = (response: ServerResponse, { headers }: Asked): void =>
  void response.writeHead(200, { 'stream-next-offset': `end-${headers['producer-seq']}` }).end();
const ok: Answer = kept;
const bodies = (): string[] => lab!.asked.map(({ body }) => body);
const seqs = (): string[] => lab!.asked.map(({ headers }) => `${headers['producer-epoch']}.${headers['producer-seq']}`);

describe('createHttpProducer', () => {
  it('sends what comes together in one request, under one number', async () => {
    const producer = await producerOf(ok);
    const appended = ['a', 'b', 'c'].map((item) => producer.append(item));
    await producer.flush();
    expect(await Promise.all(appended)).toEqual(appended.map(() => ({ offset: 'end-0', duplicate: false })));
    void producer.append('d');
    await producer.flush();
    expect(lab!.asked).toMatchObject([
      { method: 'POST', body: 'abc', headers: { 'producer-id': 'p', 'content-type': 'text/plain' } },
      { method: 'POST', body: 'd' },
    ]);
    expect(seqs()).toEqual(['0.0', '0.1']);
  });

  it('sends messages as a list', async () => {
    const producer = await producerOf(ok, { contentType: 'application/json', epoch: 7 });
    for (const item of [{ a: 1 }, [2], null]) void producer.append(item);
    await producer.flush();
    expect(bodies()).toEqual(['[{"a":1},[2],null]']);
    expect(seqs()).toEqual(['7.0']);
    expect(producer.epoch).toBe(7);
  });

  it('lets the first item wait for others, and no longer', async () => {
    const time = new VirtualTime();
    const producer = await producerOf(ok, { lingerMs: 100, idleMs: Infinity, scheduler: time });
    void producer.append('a');
    await time.pass(99);
    void producer.append('b');
    expect(lab!.asked).toHaveLength(0);
    await time.pass(1);
    await until('both were sent', () => bodies().join() === 'ab');
  });

  it('sends a batch that is full at once', async () => {
    const options = { lingerMs: 1e6, maxInFlight: 1 };
    const counted = await producerOf(ok, { ...options, maxBatchItems: 2 });
    for (const item of 'abcde') void counted.append(item);
    await until('the full ones were sent', () => bodies().join() === 'ab,cd');
    await counted.detach();
    expect(bodies()).toEqual(['ab', 'cd', 'e']);
    await lab!.close();
    const weighed = await producerOf(ok, { ...options, maxBatchBytes: 9, contentType: 'application/json' });
    for (const item of ['aa', 'b', 'long enough']) void weighed.append(item);
    await until('the full ones were sent', () => bodies().length === 3);
    for (const item of ['c', 'd']) void weighed.append(item);
    await weighed.flush();
    expect(bodies()).toEqual(['["aa"]', '["b"]', '["long enough"]', '["c","d"]']);
  });

  it('collects in the batch that waits for its turn', async () => {
    const waiting: ServerResponse[] = [];
    const producer = await producerOf((response) => waiting.push(response), { maxInFlight: 1, lingerMs: 0 });
    void producer.append('a');
    await until('the first is under way', () => waiting.length === 1);
    void producer.append('b');
    await pause(30);
    void producer.append('c');
    await pause(30);
    void producer.append('d');
    expect(bodies()).toEqual(['a']);
    waiting[0]!.writeHead(200).end();
    await until('the second is under way', () => waiting.length === 2);
    expect(bodies()).toEqual(['a', 'bcd']);
    waiting[1]!.writeHead(200).end();
    await producer.flush();
  });

  it('has so many requests under way at a time, and no more', async () => {
    const waiting: ServerResponse[] = [];
    const producer = await producerOf((response) => waiting.push(response), { maxInFlight: 3, maxBatchItems: 1 });
    for (const item of 'abcdef') void producer.append(item);
    await until('three are under way', () => waiting.length === 3);
    await pause(50);
    expect(waiting).toHaveLength(3);
    for (let i = 0; i < 6; i++) {
      await until('the next is under way', () => waiting.length > i);
      waiting[i]!.writeHead(200).end();
    }
    await producer.flush();
    expect(bodies().toSorted().join('')).toBe('abcdef');
  });

  it('keeps everything once and in order, though answers are lost and requests overtake each other', async () => {
    const keeper = new Keeper();
    let turn = 0;
    const producer = await producerOf(
      (response, asked) => {
        switch (turn++ % 5) {
          case 0:
            // It is kept, and nobody hears of it.
            keeper.answer(
              Object.create(response, { writeHead: { value: () => ({ end: () => response.destroy() }) } }),
              asked,
            );
            return;
          case 1:
            return void response.destroy();
          case 2:
            return void response.writeHead(503).end();
          case 3:
            return void setTimeout(() => keeper.answer(response, asked), 5);
          default:
            return keeper.answer(response, asked);
        }
      },
      { maxBatchItems: 1, maxInFlight: 5, retry: { ...hasty, maxRetries: Infinity } },
    );
    const items = Array.from({ length: 40 }, (_, i) => `${i};`);
    const appended = items.map((item) => producer.append(item));
    await producer.flush();
    expect(keeper.kept).toEqual(items);
    const duplicates = (await Promise.all(appended)).filter(({ duplicate }) => duplicate);
    expect(duplicates.length).toBeGreaterThan(0);
    expect(producer.pendingBytes).toBe(0);
  });

  it('lets a request that came too early wait for the one before it', async () => {
    const keeper = new Keeper();
    const first: [ServerResponse, Asked][] = [];
    const producer = await producerOf(
      (response, asked) => {
        if (asked.body === 'a') first.push([response, asked]);
        else keeper.answer(response, asked);
      },
      { maxBatchItems: 1, retry: { ...hasty, maxRetries: 0 } },
    );
    void producer.append('a');
    void producer.append('b');
    await until('the second was refused', () => bodies().includes('b') && first.length === 1);
    await pause(50);
    keeper.answer(...first[0]!);
    await producer.flush();
    expect(keeper.kept).toEqual(['a', 'b']);
    expect(bodies().filter((body) => body === 'b')).toHaveLength(2);
  });

  it('sends nothing more while some wait for their turn: it would come too early as well', async () => {
    const keeper = new Keeper();
    const statuses: number[] = [];
    let letFirst!: () => void;
    const first = new Promise<void>((resolve) => (letFirst = resolve));
    const producer = createHttpProducer({
      url: 'http://127.0.0.1',
      producerId: 'p',
      contentType: 'text/plain',
      maxBatchItems: 1,
      maxInFlight: 5,
      fetch: async (_, { headers, body }) => {
        if (headers['producer-seq'] === '0') await first;
        let answer!: Response;
        const end = (): void => {};
        const writeHead = (status: number, fields: Record<string, string>) => {
          answer = new Response(status === 204 ? null : '', { status, headers: fields });
          return { end };
        };
        keeper.answer({ writeHead } as never, { headers, body: `${body}` } as never);
        statuses.push(answer.status);
        return answer;
      },
    });
    for (let i = 0; i < 50; i++) void producer.append(`${i};`);
    await until('four have overtaken the first', () => statuses.length === 4);
    letFirst();
    await producer.flush();
    expect(keeper.kept).toHaveLength(50);
    expect(statuses.filter((status) => status === 409)).toHaveLength(4);
  });

  it('fails where a server has lost what it had acknowledged', async () => {
    const producer = await producerOf((response, asked, count) => {
      if (count === 0) kept(response, asked);
      else response.writeHead(409, { 'producer-expected-seq': '0' }).end();
    });
    void producer.append('a');
    await producer.flush();
    void producer.append('b');
    await expect(producer.flush()).rejects.toMatchObject({ code: 'sequence-gap', details: { expected: 0 } });
    expect(lab!.asked).toHaveLength(2);
  });

  it('fails where a server never takes a number, though the one before it is kept', async () => {
    const producer = await producerOf(
      (response, asked) => {
        if (asked.body === 'a') setTimeout(() => kept(response, asked), 50);
        else response.writeHead(409, { 'producer-expected-seq': '0' }).end();
      },
      { maxBatchItems: 1 },
    );
    void producer.append('a');
    void producer.append('b');
    await expect(producer.flush()).rejects.toMatchObject({ code: 'sequence-gap' });
    expect(bodies().filter((body) => body === 'b')).toHaveLength(2);
  });

  it('does not ask for ever where a server takes no number, while an answer is still missing', async () => {
    const producer = await producerOf(
      (response, asked) => {
        if (asked.body === 'b') kept(response, asked);
        if (asked.body === 'c') response.writeHead(409, { 'producer-expected-seq': '2' }).end();
      },
      { maxBatchItems: 1 },
    );
    for (const item of 'abc') void producer.append(item);
    await expect(producer.flush()).rejects.toMatchObject({ code: 'sequence-gap' });
    expect(bodies().filter((body) => body === 'c')).toHaveLength(2);
  });

  it('leaves nothing behind at the signal of the caller, however it ends', async () => {
    const { signal } = new AbortController();
    const listeners = (): number => getEventListeners(signal, 'abort').length;
    const closed = await producerOf(ok, { signal });
    expect(listeners()).toBe(1);
    await closed.close();
    expect(listeners()).toBe(0);
    const detached = createHttpProducer({ url: lab!.url, producerId: 'q', signal });
    await detached.detach();
    expect(listeners()).toBe(0);
    await lab!.close();
    const failed = await producerOf((response) => response.writeHead(404).end(), { signal });
    await failureOf(failed.append('a'));
    expect(listeners()).toBe(0);
  });

  it('fails everything that waits with what one batch was refused for', async () => {
    const producer = await producerOf((response) => response.writeHead(404).end('no stream'), {
      maxInFlight: 1,
      maxBatchItems: 1,
      maxPendingBytes: 3,
    });
    const appended = ['a', 'b', 'c'].map((item) => failureOf(producer.append(item)));
    const room = failureOf(producer.ready());
    const flushed = failureOf(producer.flush());
    const error = await appended[0];
    expect(error).toMatchObject({ code: 'stream-not-found', status: 404 });
    for (const other of [...appended, room, flushed, producer.flush(), producer.ready(), producer.detach()]) {
      expect(await Promise.resolve(other).catch((thrown: unknown) => thrown)).toBe(error);
    }
    expect(() => producer.append('d')).toThrow(error as Error);
    expect(() => producer.close()).toThrow(error as Error);
    expect(lab!.asked).toHaveLength(1);
    expect(producer.pendingBytes).toBe(0);
  });

  it('gives up when the retries are used up', async () => {
    const producer = await producerOf((response) => response.destroy(), { retry: { ...hasty, maxRetries: 2 } });
    const appended = producer.append('a');
    await expect(appended).rejects.toMatchObject({ code: 'connection-lost' });
    expect(lab!.asked).toHaveLength(3);
    expect(new Set(seqs())).toEqual(new Set(['0.0']));
  });

  it('closes the stream behind everything, once, whatever is asked again', async () => {
    const keeper = new Keeper();
    const producer = await producerOf(keeper.answer, { maxBatchItems: 1 });
    for (const item of 'abc') void producer.append(item);
    const ended = producer.close('end');
    expect(producer.close('other')).toBe(ended);
    expect(await ended).toEqual({ offset: '4' });
    await producer.detach();
    expect(keeper).toMatchObject({ kept: ['a', 'b', 'c', 'end'], closed: true });
    expect(lab!.asked.at(-1)!.headers).toMatchObject({ 'stream-closed': 'true', 'producer-seq': '3' });
    expect(() => producer.append('d')).toThrow(expect.objectContaining({ code: 'client-closed' }));
  });

  it('closes without a last item, under a number as well', async () => {
    const keeper = new Keeper();
    const producer = await producerOf((response, asked, count) =>
      count === 0 ? response.destroy() : keeper.answer(response, asked),
    );
    expect(await producer.close()).toEqual({ offset: '1' });
    expect(keeper).toMatchObject({ kept: [''], closed: true });
    expect(lab!.asked[0]!.headers).not.toHaveProperty('content-type');
  });

  it('takes another last item for one that the stream cannot hold', async () => {
    const producer = await producerOf(ok);
    expect(() => producer.close('')).toThrow('data must not be empty');
    expect(await producer.close('end')).toEqual({ offset: 'end-0' });
  });

  it('fails to close a stream that is closed', async () => {
    const producer = await producerOf((response) => response.writeHead(409, closed).end());
    await expect(producer.close()).rejects.toMatchObject({ code: 'stream-closed' });
  });

  it('leaves the stream open when it is detached, behind everything', async () => {
    const keeper = new Keeper();
    {
      await using producer = await producerOf(keeper.answer, { lingerMs: 1e6 });
      void producer.append('a');
    }
    expect(keeper).toMatchObject({ kept: ['a'], closed: false });
    const detached = createHttpProducer({ url: lab!.url, producerId: 'q' });
    await Promise.all([detached.detach(), detached.detach()]);
    expect(() => detached.append('b')).toThrow(expect.objectContaining({ code: 'client-closed' }));
    expect(() => detached.close()).toThrow(expect.objectContaining({ code: 'client-closed' }));
  });

  it('holds so much and one item more, and tells when there is room', async () => {
    const waiting: ServerResponse[] = [];
    const producer = await producerOf((response) => waiting.push(response), { maxPendingBytes: 4, maxBatchItems: 1 });
    void producer.append('abc');
    await producer.ready();
    void producer.append('longer than there is room');
    expect(producer.pendingBytes).toBe(28);
    expect(() => producer.append('x')).toThrow(expect.objectContaining({ code: 'overflow' }));
    let room = 0;
    const ready = [producer.ready(), producer.ready()].map((one) => one.then(() => room++));
    await until('both are under way', () => waiting.length === 2);
    waiting[bodies().indexOf('abc')]!.writeHead(200).end();
    await until('the first is kept', () => producer.pendingBytes === 25);
    await pause(20);
    expect(room).toBe(0);
    waiting[1 - bodies().indexOf('abc')]!.writeHead(200).end();
    await Promise.all(ready);
    expect(producer.pendingBytes).toBe(0);
    await producer.ready();
    void producer.append('x');
    await until('it is under way', () => waiting.length === 3);
    waiting[2]!.writeHead(200).end();
    await producer.flush();
  });

  it('never overflows for who waits for room', async () => {
    const keeper = new Keeper();
    const producer = await producerOf(keeper.answer, { maxPendingBytes: 10, maxBatchItems: 3 });
    const items = Array.from({ length: 100 }, (_, i) => `${'x'.repeat(i % 13)}${i};`);
    for (const item of items) {
      await producer.ready();
      void producer.append(item);
    }
    await producer.flush();
    expect(keeper.kept.join('')).toBe(items.join(''));
  });

  it('refuses at once what the stream cannot hold, and goes on', async () => {
    const producer = await producerOf(ok);
    expect(() => producer.append({ a: 1 })).toThrow(expect.objectContaining({ code: 'data-malformed' }));
    void producer.append('a');
    await producer.flush();
    expect(bodies()).toEqual(['a']);
  });

  it('ends at once when it is aborted, before and while it writes', async () => {
    const abort = new AbortController();
    const producer = await producerOf(() => {}, { signal: abort.signal });
    const appended = failureOf(producer.append('a'));
    await until('it was asked', () => lab!.asked.length === 1);
    abort.abort(new Error('enough'));
    expect(await appended).toMatchObject({ message: 'enough' });
    await until('the connection was let go', () => lab!.cut === 1);
    const late = createHttpProducer({ url: lab!.url, producerId: 'p', signal: abort.signal });
    expect(() => late.append('a')).toThrow('enough');
  });

  it.each<[object, string]>([
    [{ producerId: '' }, 'producerId must not be empty'],
    [{ producerId: 5 }, 'producerId must be a string, got a number'],
    [{ producerId: 'a\r\nb' }, 'producerId must not hold CR, LF or other controls'],
    [{ epoch: -1 }, 'epoch must be a whole number of at least 0, got -1'],
    [{ autoClaim: 1 }, 'autoClaim must be a boolean, got a number'],
    [{ contentType: '' }, 'contentType must not be empty'],
    [{ maxBatchItems: 0 }, 'maxBatchItems must be a whole number of at least 1, got 0'],
    [{ maxBatchBytes: 0 }, 'maxBatchBytes must be a whole number of at least 1, got 0'],
    [{ lingerMs: -1 }, 'lingerMs must be a whole number of at least 0'],
    [{ maxInFlight: 0 }, 'maxInFlight must be a whole number of at least 1, got 0'],
    [{ maxPendingBytes: 0 }, 'maxPendingBytes must be a whole number of at least 1, got 0'],
  ])('refuses %o', (wrong, message) => {
    const options = { url: 'http://127.0.0.1', producerId: 'p', ...wrong } as HttpProducerOptions;
    expect(() => createHttpProducer(options)).toThrow(message);
  });
});
