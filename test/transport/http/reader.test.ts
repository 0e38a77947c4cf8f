import { getEventListeners } from 'node:events';
import { firstValueFrom, lastValueFrom, tap, toArray } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { createFlow } from '../../../src/flow/index.js';
import { type HttpReadOptions, pullHttp, readHttp } from '../../../src/transport/http/reader.js';
import { pause, until } from '../../servers/until.js';
import { all, type Answer, closed, failureOf, hasty, Lab, placed, upToDate } from './lab.js';

let lab: Lab | undefined;

afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

/** A stream of numbers without an end, one for each request. */
const endless: Answer = (response, _, count) => response.writeHead(200, placed(`${count + 1}`)).end(`${count}`);
/** A stream that is up to date and stays so. */
const quiet: Answer = (response, { query }) => {
  if (!query.has('live')) response.writeHead(200, placed('1', upToDate)).end('a');
};

describe('readHttp', () => {
  it('emits the batches, for each subscriber from the beginning', async () => {
    lab = await Lab.start((response) => response.writeHead(200, placed('1', closed)).end('a'));
    const reading = readHttp({ url: lab.url }).pipe(toArray());
    const batch = { items: ['a'], offset: '1', upToDate: true, closed: true };
    expect(await lastValueFrom(reading)).toEqual([batch]);
    expect(await lastValueFrom(reading)).toEqual([batch]);
    expect(lab.asked).toHaveLength(2);
  });

  it('errors with what the server refuses', async () => {
    lab = await Lab.start((response) => response.writeHead(404).end());
    await expect(lastValueFrom(readHttp({ url: lab.url }))).rejects.toMatchObject({ code: 'stream-not-found' });
  });

  it('ends the request at once when nobody listens any more', async () => {
    lab = await Lab.start(quiet);
    const subscription = readHttp({ url: lab.url, live: 'long-poll' }).subscribe();
    await until('it waits', () => lab!.asked.length === 2);
    subscription.unsubscribe();
    await until('the connection was let go', () => lab!.cut === 1);
    expect(lab.asked).toHaveLength(2);
  });

  it('asks nothing while the flow is shut', async () => {
    lab = await Lab.start(endless);
    const flow = createFlow();
    const lane = flow.lane({ name: 'test', window: 3 });
    const seen: unknown[] = [];
    const subscription = readHttp({ url: lab.url, flow }).subscribe(({ items }) => {
      seen.push(...items);
      lane.hold();
    });
    await until('the flow is shut', () => seen.length === 3);
    await pause(100);
    expect(seen).toEqual(['0', '1', '2']);
    expect(lab.asked).toHaveLength(3);
    lane.release(3);
    await until('it goes on', () => seen.length === 6);
    subscription.unsubscribe();
  });

  it('errors with the reason when it is aborted', async () => {
    lab = await Lab.start(quiet);
    const abort = new AbortController();
    const ended = failureOf(lastValueFrom(readHttp({ url: lab.url, signal: abort.signal })));
    await until('it waits', () => lab!.asked.length === 2);
    abort.abort(new Error('enough'));
    expect(await ended).toMatchObject({ message: 'enough' });
  });

  it('errors with the reason when it is aborted while the flow is shut', async () => {
    lab = await Lab.start(endless);
    const flow = createFlow();
    const lane = flow.lane({ name: 'test', window: 1 });
    const abort = new AbortController();
    const reading = readHttp({ url: lab.url, flow, signal: abort.signal });
    const ended = failureOf(lastValueFrom(reading.pipe(tap(() => lane.hold()))));
    await until('the flow is shut', () => !flow.open);
    abort.abort(new Error('enough'));
    expect(await ended).toMatchObject({ message: 'enough' });
    expect(lab.asked).toHaveLength(1);
  });

  it('knows what its items are', async () => {
    lab = await Lab.start((response) => response.writeHead(200, placed('1', closed)).end('["a"]'));
    const [json] = (await firstValueFrom(readHttp({ url: lab.url, as: 'json' }))).items;
    const [text] = (await firstValueFrom(readHttp({ url: lab.url, as: 'text' }))).items;
    const [bytes] = (await firstValueFrom(readHttp({ url: lab.url, as: 'bytes' }))).items;
    const typed: [string, number] = [text!, bytes!.length];
    expect([json, ...typed]).toEqual(['a', '["a"]', 5]);
  });

  it.each<[object, string]>([
    [{ offset: '' }, 'offset must be an offset of at most 1024 characters, got an empty string'],
    [{ offset: 5 }, 'offset must be an offset of at most 1024 characters, got a number'],
    [{ offset: 'x'.repeat(1025) }, 'offset must be an offset of at most 1024 characters, got a string'],
    [{ live: true }, 'live must be one of auto, sse, long-poll, false, got a boolean'],
    [{ as: 'xml' }, 'as must be one of json, text, bytes, got a string'],
    [{ maxPieceBytes: 0 }, 'maxPieceBytes must be a whole number of at least 1, got 0'],
    [{ maxAnswerBytes: '1' }, 'maxAnswerBytes must be a number, got a string'],
    [{ maxEventBytes: -1 }, 'maxEventBytes must be a whole number of at least 1, got -1'],
    [{ url: 'nowhere' }, 'url must be an http: or https: address, got a string'],
  ])('refuses %o at once', (wrong, message) => {
    const options = { url: 'http://127.0.0.1', ...wrong } as HttpReadOptions;
    expect(() => readHttp(options)).toThrow(message);
    expect(() => pullHttp(options)).toThrow(message);
  });
});

describe('pullHttp', () => {
  it('leaves nothing behind at the signal of the caller, however it ends', async () => {
    const { signal } = new AbortController();
    const listeners = (): number => getEventListeners(signal, 'abort').length;
    lab = await Lab.start((response, _, count) =>
      response.writeHead(count === 0 ? 404 : 200, placed('1', closed)).end(),
    );
    const options = { url: lab.url, signal };
    await failureOf(all(pullHttp(options)));
    expect(listeners()).toBe(0);
    await all(pullHttp(options));
    expect(listeners()).toBe(0);
    await lab.close();
    lab = await Lab.start(quiet);
    const left = pullHttp({ url: lab.url, signal });
    await left.next();
    expect(listeners()).toBe(1);
    await left.return!();
    expect(listeners()).toBe(0);
  });

  it('ends also while a batch is being waited for', async () => {
    lab = await Lab.start(quiet);
    const reading = pullHttp({ url: lab.url });
    await reading.next();
    const waiting = reading.next();
    await until('it waits', () => lab!.asked.length === 2);
    expect(await reading.return!()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await reading.next()).toEqual({ done: true, value: undefined });
    await until('the connection was let go', () => lab!.cut === 1);
  });

  it('ends with its scope', async () => {
    lab = await Lab.start(quiet);
    {
      await using reading = pullHttp({ url: lab.url, retry: hasty });
      await reading.next();
      void reading.next();
      await until('it waits', () => lab!.asked.length === 2);
    }
    await until('the connection was let go', () => lab!.cut === 1);
  });

  it('ends before it has begun', async () => {
    const reading = pullHttp({ url: 'http://127.0.0.1:1' });
    expect(await reading.return!()).toEqual({ done: true, value: undefined });
  });

  it('throws the reason when it is aborted, before and while it reads', async () => {
    const reason = new Error('enough');
    const early = all(pullHttp({ url: 'http://127.0.0.1:1', signal: AbortSignal.abort(reason) }));
    await expect(early).rejects.toBe(reason);
    lab = await Lab.start(quiet);
    const abort = new AbortController();
    const late = failureOf(all(pullHttp({ url: lab.url, signal: abort.signal })));
    await until('it waits', () => lab!.asked.length === 2);
    abort.abort(reason);
    expect(await late).toBe(reason);
    await until('the connection was let go', () => lab!.cut === 1);
  });
});
