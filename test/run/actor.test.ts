import { firstValueFrom, from, lastValueFrom, NEVER, type Observable, of, take, throwError, toArray } from 'rxjs';
import * as z from 'zod';
import { actorPayloads, StreamError } from 'sluice/chunk';
import { type Actor, actor, type ActorChunk } from 'sluice/run';
import { describe, expect, it } from 'vitest';

const chunksOf = async <I, T, O>(one: Actor<I, T, O>, input: I, signal?: AbortSignal): Promise<ActorChunk<T, O>[]> =>
  await lastValueFrom(one.stream(input, signal === undefined ? {} : { signal }).pipe(toArray()));

const speller = actor('speller', {
  async *stream(word: string) {
    yield { type: 'progress', current: 0, total: word.length };
    for (const letter of word) yield { type: 'data', value: letter };
  },
});

describe('actor', () => {
  it('streams a start, what it says, and exactly one end', async () => {
    expect(await chunksOf(speller, 'ab')).toEqual([
      { type: 'start', input: 'ab' },
      { type: 'progress', current: 0, total: 2 },
      { type: 'data', value: 'a' },
      { type: 'data', value: 'b' },
      { type: 'complete' },
    ]);
    expect(await speller.execute('abc')).toBe('abc');
  });

  it('streams one complete when it only executes', async () => {
    const adder = actor('adder', { execute: ([a, b]: number[]) => a! + b! });
    expect(await chunksOf(adder, [1, 2])).toEqual([{ type: 'complete', output: 3 }]);
    expect(await adder.execute([1, 2])).toBe(3);
    const silent = actor('silent', { execute: async () => undefined });
    expect(await chunksOf(silent, null)).toEqual([{ type: 'complete' }]);
    const failing = actor('failing', { execute: () => Promise.reject(new Error('no')) });
    expect(await chunksOf(failing, null)).toEqual([{ type: 'error', message: 'no' }]);
    const nothing = actor('nothing', { execute: () => null });
    expect(await nothing.execute(0)).toBe(null);
  });

  it('says which attempt it is when it only executes, from the second on', async () => {
    const adder = actor('adder', { execute: ([a, b]: number[]) => a! + b! });
    const said = async (attempt: number) => await lastValueFrom(adder.stream([1, 2], { attempt }).pipe(toArray()));
    expect(await said(1)).toEqual([{ type: 'complete', output: 3 }]);
    expect(await said(2)).toEqual([
      { type: 'start', input: [1, 2], attempt: 2 },
      { type: 'complete', output: 3 },
    ]);
    let begun = 0;
    const counted = actor('counted', { execute: () => ++begun });
    // Who has heard enough has no use for the work.
    await firstValueFrom(counted.stream(null, { attempt: 2 }));
    expect(begun).toBe(0);
  });

  it('can be looped over, and is let go when the loop is left', async () => {
    let leave!: () => void;
    const left = new Promise<void>((resolve) => (leave = resolve));
    let aborted = false;
    const endless = actor('endless', {
      async *stream(_: null, { signal }) {
        signal.addEventListener('abort', () => (aborted = true));
        try {
          for (let n = 0; ; n++) yield { type: 'data', value: n };
        } finally {
          leave();
        }
      },
    });
    const seen: number[] = [];
    for await (const chunk of endless.stream(null)) {
      if (chunk.type === 'data') seen.push(chunk.value);
      if (seen.length === 3) break;
    }
    await left;
    expect([seen, aborted]).toEqual([[0, 1, 2], true]);
  });

  it('is made to wait by whoever reads slowly', async () => {
    let made = 0;
    const endless = actor('endless', {
      async *stream() {
        for (; ; made++) yield { type: 'data', value: made };
      },
    });
    const reading = endless.stream(null as never)[Symbol.asyncIterator]();
    await reading.next();
    await new Promise((resolve) => setTimeout(resolve));
    expect(made).toBeLessThan(100);
    await reading.return!();
  });

  it('may answer an Observable', async () => {
    const watcher = actor('watcher', {
      stream: (n: number) => from(Array.from({ length: n }, (_, i) => ({ type: 'data' as const, value: i }))),
    });
    expect(await watcher.execute(1000)).toHaveLength(1000);
    const broken = actor('broken', { stream: () => throwError(() => new StreamError('gap', 'lost')) });
    expect(await chunksOf(broken, null)).toEqual([
      { type: 'start', input: null },
      { type: 'error', message: 'lost', code: 'gap' },
    ]);
    await expect(broken.execute(null)).rejects.toMatchObject({ code: 'gap', message: 'lost' });
  });

  it('says nothing behind its end', async () => {
    const talkative = actor('talkative', {
      async *stream(): AsyncGenerator<ActorChunk<number, string>> {
        yield { type: 'data', value: 1 };
        yield { type: 'complete', output: 'done' };
        yield { type: 'data', value: 2 };
      },
    });
    expect((await chunksOf(talkative, undefined as never)).map(({ type }) => type)).toEqual([
      'start',
      'data',
      'complete',
    ]);
    expect(await talkative.execute(undefined as never)).toBe('done');
    const refusing = actor('refusing', {
      stream: () => of({ type: 'error' as const, message: 'out of paper', code: 'paper' }),
    });
    await expect(refusing.execute(null)).rejects.toMatchObject({ code: 'stream-failed', message: 'out of paper' });
  });

  it('takes back what it said before by another start', async () => {
    const doubtful = actor('doubtful', {
      async *stream(): AsyncGenerator<ActorChunk<string, string>> {
        yield { type: 'start' };
        yield { type: 'data', value: 'wrong' };
        yield { type: 'start' };
        yield { type: 'data', value: 'right' };
      },
    });
    expect((await chunksOf(doubtful, 1 as never)).map(({ type }) => type)).toEqual([
      'start',
      'data',
      'start',
      'data',
      'complete',
    ]);
    expect(await doubtful.execute(1 as never)).toBe('right');
  });

  it.each([
    ['what is no chunk', { type: 'word', value: 1 }, 'chunk-invalid'],
    ['data that is no JSON', { type: 'data', value: new Map() }, 'chunk-invalid'],
  ])('ends with an error on %s', async (_, chunk, code) => {
    const odd = actor('odd', { stream: () => of(chunk as unknown as ActorChunk) });
    expect((await chunksOf(odd, null)).at(-1)).toMatchObject({ type: 'error', code });
  });

  it('ends with an error when it throws before anything, or answers nothing to read', async () => {
    const thrower = actor('thrower', {
      stream: (): Observable<ActorChunk> => {
        throw new Error('at once');
      },
    });
    expect((await chunksOf(thrower, null)).at(-1)).toEqual({ type: 'error', message: 'at once' });
    const nothing = actor('nothing', { stream: () => undefined as unknown as Observable<ActorChunk> });
    expect((await chunksOf(nothing, null)).at(-1)).toMatchObject({ type: 'error' });
  });

  it('says more kinds of things where it names them', async () => {
    const citing = actor('citing', {
      payloads: actorPayloads.with({ citation: z.strictObject({ url: z.string() }) }),
      stream: () => of({ type: 'citation', url: 'a' } as unknown as ActorChunk),
    });
    expect((await chunksOf(citing, null)).map(({ type }) => type)).toEqual(['start', 'citation', 'complete']);
    expect(await citing.execute(null)).toBe('');
  });

  it('is cancelled at once, whether it heeds its signal or not', async () => {
    const deaf = actor('deaf', { stream: () => NEVER as Observable<ActorChunk> });
    const stop = new AbortController();
    const chunks = chunksOf(deaf, null, stop.signal);
    stop.abort('enough');
    expect((await chunks).at(-1)).toEqual({ type: 'error', message: 'enough', code: 'run-cancelled' });
    const never = await chunksOf(deaf, null, AbortSignal.abort(new StreamError('idle-timeout', 'late')));
    expect(never).toEqual([{ type: 'error', message: 'late', code: 'idle-timeout' }]);
    const error = await chunksOf(deaf, null, AbortSignal.abort());
    expect(error).toEqual([{ type: 'error', message: 'the call was cancelled', code: 'run-cancelled' }]);
  });

  it('is not begun when nobody stays', async () => {
    let begun = false;
    const eager = actor('eager', {
      async *stream(): AsyncGenerator<ActorChunk> {
        begun = true;
        yield { type: 'data', value: 1 };
      },
    });
    await lastValueFrom(eager.stream(null as never).pipe(take(1)));
    expect(begun).toBe(false);
  });

  it('tells how far it is, and whoever is behind the latest of it', async () => {
    let calls = 0;
    const busy = actor('busy', {
      execute: async (total: number, { progress }) => {
        for (let n = 1; n <= total; n++) progress(n, total, `${n} done`);
        calls++;
        return 'done';
      },
    });
    const fast = await chunksOf(busy, 300);
    expect(fast).toHaveLength(301);
    const slow: ActorChunk<never, string>[] = [];
    for await (const chunk of busy.stream(300)) {
      slow.push(chunk);
    }
    expect(slow.length).toBeLessThan(100);
    expect(slow.slice(-2)).toEqual([
      { type: 'progress', current: 300, total: 300, message: '300 done' },
      { type: 'complete', output: 'done' },
    ]);
    const careless = actor('careless', { execute: (_: null, { progress }) => progress(-1) });
    expect((await chunksOf(careless, null)).at(-1)).toMatchObject({ type: 'error', code: 'chunk-invalid' });
    const late = actor('late', {
      execute: (_: null, { progress }) => {
        setTimeout(() => progress(1));
        return 1;
      },
    });
    expect(await late.execute(null)).toBe(1);
    await new Promise((resolve) => setTimeout(resolve));
    expect(calls).toBe(2);
  });

  it('is given a context of its call', async () => {
    const told = actor('told', { execute: (_: null, { id, attempt }) => [id, attempt] });
    expect(await told.execute(null, { id: 'a', attempt: 2 })).toEqual(['a', 2]);
    expect(await told.execute(null)).toEqual([expect.stringMatching(/^[\da-f-]{36}$/), 1]);
    const streaming = actor('streaming', { stream: () => of<ActorChunk>() });
    expect((await lastValueFrom(streaming.stream(new Map() as never, { attempt: 3 }).pipe(toArray())))[0]).toEqual({
      type: 'start',
      attempt: 3,
    });
  });

  it('keeps a bounded output', async () => {
    await expect(speller.stream('abcdef').output({ maxLength: 5 })).rejects.toMatchObject({ code: 'overflow' });
    const lists = actor('lists', { stream: () => of<ActorChunk>({ type: 'data', value: [1] }) });
    await expect(lists.stream(null).output({ maxLength: 1 })).resolves.toEqual([[1]]);
  });

  it.each([
    ['a b', { execute: () => 1 }, 'a step id'],
    ['a', {}, 'must have a function stream or execute'],
    ['a', undefined, 'must have a function stream or execute'],
    ['a', { stream: 1 }, 'stream of actor "a" must be a function, got a number'],
    ['a', { execute: null }, 'execute of actor "a" must be a function, got null'],
  ])('refuses %s as %j', (name, definition, message) => {
    expect(() => actor(name, definition as never)).toThrow(message);
  });
});
