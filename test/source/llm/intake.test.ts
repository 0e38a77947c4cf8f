import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Intake } from '../../../src/source/llm/intake.js';
import type { LlmSource } from '../../../src/source/llm/llm.js';

const open = new AbortController().signal;
const bytes = Uint8Array.of(1, 2);

async function take(source: LlmSource<unknown>, signal = open): Promise<unknown[]> {
  const intake = new Intake(source, signal, () => 0);
  const got: unknown[] = [];
  for (let result = await intake.next(); result.done !== true; result = await intake.next()) got.push(result.value);
  return got;
}

async function* items(): AsyncGenerator<string> {
  yield 'a';
  yield 'b';
}

/** An answer that never comes on, and what is heard of its being let go. */
function pending() {
  const heard: string[] = [];
  const stream = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => {}),
      return: () => {
        heard.push('returned');
        return Promise.reject(new Error('nobody hears this'));
      },
    }),
  };
  return { heard, stream };
}

describe('Intake', () => {
  it.each<[string, () => LlmSource<unknown>, unknown[]]>([
    ['an async iterable', () => items(), ['a', 'b']],
    ['an iterable', () => ['a', 'b'], ['a', 'b']],
    ['a promise', () => Promise.resolve(['a']), ['a']],
    ['a function', () => () => ['a'], ['a']],
    ['a function that takes its time', () => () => Promise.resolve(items()), ['a', 'b']],
    ['a stream of the web', () => new Blob([bytes]).stream(), [bytes]],
    ['a response', () => new Response(bytes), [bytes]],
    ['a stream of Node', () => Readable.from([Buffer.from(bytes)]), [Buffer.from(bytes)]],
    ['bytes in one piece', () => bytes as never, [bytes]],
    ['text in one piece', () => () => 'abc' as never, ['abc']],
  ])('reads %s', async (_, source, expected) => {
    expect(await take(source())).toEqual(expected);
  });

  it('hands the signal to the function, and does not ask when it is too late', async () => {
    const controller = new AbortController();
    const given: AbortSignal[] = [];
    const ask = (signal: AbortSignal): string[] => {
      given.push(signal);
      return [];
    };
    await take(ask, controller.signal);
    expect(given).toEqual([controller.signal]);
    controller.abort();
    await expect(take(ask, controller.signal)).rejects.toMatchObject({ kind: 'aborted' });
    expect(given).toHaveLength(1);
  });

  it('says what an answer that is none says', async () => {
    const body = JSON.stringify({ error: { message: 'slow down', code: 'rate_limit_exceeded' } });
    const refused = new Response(body, { status: 429, headers: { 'retry-after': '2' } });
    const facts = { status: 429, code: 'rate_limit_exceeded', retryAfterMs: 2000, retryable: true };
    await expect(take(refused)).rejects.toMatchObject({ kind: 'provider', message: 'slow down', facts });
    const words = take(new Response('<h1>Bad gateway</h1>', { status: 502 }));
    await expect(words).rejects.toMatchObject({ message: '<h1>Bad gateway</h1>', facts: { status: 502 } });
    const silent = take(new Response(null, { status: 500 }));
    await expect(silent).rejects.toMatchObject({ message: 'the provider answers with status 500' });
    const empty = take(new Response('', { status: 404 }));
    await expect(empty).rejects.toMatchObject({ message: 'the provider answers with status 404' });
    const nothing = take(new Response(null, { status: 204 }));
    await expect(nothing).rejects.toMatchObject({ message: 'the provider answers with status 204' });
  });

  it('reads no more of an answer that is none than can be said', async () => {
    let pulled = 0;
    const body = new ReadableStream({
      pull: (controller) => {
        pulled++;
        controller.enqueue(new Uint8Array(1024).fill(97));
      },
    });
    await expect(take(new Response(body, { status: 500 }))).rejects.toMatchObject({ kind: 'provider' });
    expect(pulled).toBeLessThan(80);
  });

  it('refuses what is no answer', async () => {
    await expect(take({} as never)).rejects.toThrow('source must answer with a stream or an iterable, got an object');
  });

  it.each([
    ['controller', { controller: { abort: () => 'aborted' } }],
    ['abort', { abort: () => 'aborted' }],
    ['destroy', { destroy: () => 'aborted' }],
  ])('lets go of a stream by its %s, and of its iterator', async (_, way) => {
    const { heard, stream } = pending();
    const [name, member] = Object.entries(way)[0]!;
    const hear = (): void => void heard.push('aborted');
    Object.assign(stream, { [name]: typeof member === 'function' ? hear : { abort: hear } });
    const intake = new Intake(stream, open, () => 0);
    void intake.next();
    await Promise.resolve();
    await Promise.resolve();
    await intake.return();
    expect(heard).toEqual(['aborted', 'returned']);
  });

  it('lets go of an answer that comes too late', async () => {
    const cancelled: string[] = [];
    const body = new ReadableStream({ cancel: () => void cancelled.push('cancelled') });
    let answer!: (response: Response) => void;
    const intake = new Intake(
      () => new Promise<Response>((resolve) => (answer = resolve)),
      open,
      () => 0,
    );
    const next = intake.next();
    await intake.return();
    answer(new Response(body));
    await expect(next).rejects.toMatchObject({ kind: 'aborted' });
    expect(cancelled).toEqual(['cancelled']);
  });

  it('survives a stream that cannot be let go', async () => {
    const stuck = {
      abort: () => {
        throw new Error('no');
      },
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }),
    };
    const intake = new Intake(stuck, open, () => 0);
    void intake.next();
    await Promise.resolve();
    await Promise.resolve();
    await expect(intake.return()).resolves.toEqual({ done: true, value: undefined });
  });

  it('tells the end from an abort that ends in silence', async () => {
    const controller = new AbortController();
    const stream = Object.assign(items(), { controller });
    const intake = new Intake(stream, open, () => 0);
    await intake.next();
    await intake.next();
    controller.abort();
    await expect(intake.next()).rejects.toMatchObject({ kind: 'aborted' });
  });
});
