import { concatMap, from, interval, NEVER, of, take, timer } from 'rxjs';
import { StreamError } from 'sluice/chunk';
import { pipeline, runEvents, runPipeline, type StepContext } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { Journal } from '../../src/run/journal.js';
import { fastTime, stage } from './stage.js';

async function* words(text: string): AsyncGenerator<string> {
  yield* text.split(/(?<= )/);
}

describe('run pipeline', () => {
  it('runs steps one after the other, each on what the one before it answered', async () => {
    const counted = pipeline<string>('count')
      .step('split', (text) => text.split(' '))
      .step('count', (parts) => parts.length);
    const { output, events, told } = await stage(counted, 'a b c');
    expect(output).toBe(3);
    expect(told).toEqual([
      'pipeline_start',
      'step_start split #1',
      'step_complete split #1 ["a","b","c"]',
      'step_start count #1',
      'step_complete count #1 3',
      'pipeline_complete 3',
    ]);
    for (const event of events) expect(runEvents.parse(event)).toEqual(event);
  });

  it('makes no event when nobody listens, nor when streaming is off', async () => {
    let asked = 0;
    const scheduler = Object.assign(fastTime(), { now: () => asked++ });
    const build = (enabled: boolean) =>
      pipeline<string>('quiet', { streaming: { enabled } })
        .step('talk', (text, { emitProgress, log }: StepContext) => {
          void [emitProgress, log];
          return words(text);
        })
        .step('join', (text) => text);
    expect(await runPipeline(build(true), 'a b', { scheduler })).toBe('a b');
    const { output, events } = await stage(build(false), 'a b', { scheduler });
    expect([output, events]).toEqual(['a b', []]);
    expect(asked, 'every event has a time').toBe(0);
  });

  it('tells what a step puts out bit by bit, some pieces at a time, and gives the next one all of it', async () => {
    const shout = pipeline<string>('shout', { streaming: { bufferSize: 2 } })
      .step('write', words)
      .step('shout', (text) => text.toUpperCase());
    const { output, told } = await stage(shout, 'Call me Ishmael.');
    expect(output).toBe('CALL ME ISHMAEL.');
    expect(told.slice(1, 5)).toEqual([
      'step_start write #1',
      'step_output write #1 ["Call ","me "]',
      'step_output write #1 ["Ishmael."]',
      'step_complete write #1 "Call me Ishmael."',
    ]);
  });

  it('keeps no piece longer than it may', async () => {
    const slow = pipeline('slow', { streaming: { flushIntervalMs: 20 } }).step('tick', () =>
      interval(30).pipe(take(3)),
    );
    const { told } = await stage(slow, undefined, { scheduler: fastTime() });
    expect(told.filter((line) => line.startsWith('step_output'))).toHaveLength(3);
  });

  it('has a step at work on what the one before it has not finished', async () => {
    const seen: string[] = [];
    const live = pipeline<string>('live')
      .step('write', async function* (text) {
        for (const word of text.split(' ')) {
          seen.push(`made ${word}`);
          yield word;
          await new Promise((resolve) => setImmediate(resolve));
        }
      })
      .step(
        'read',
        async function* (input) {
          for await (const word of input) {
            seen.push(`got ${word}`);
            yield word.length;
          }
        },
        { input: 'stream' },
      )
      .each('double', (n) => n * 2);
    const { output } = await stage(live, 'a bb ccc');
    expect(output).toEqual([2, 4, 6]);
    expect(seen).toEqual(['made a', 'got a', 'made bb', 'got bb', 'made ccc', 'got ccc']);
  });

  it('comes to the same without streaming, and from values', async () => {
    const build = (enabled: boolean) =>
      pipeline<string>('same', { streaming: { enabled } })
        .step('write', words)
        .each('shout', (word) => word.toUpperCase())
        .step('length', (text) => text.length)
        .step('again', (input) => input, { input: 'stream' })
        .step('sum', (numbers) => numbers.reduce((sum, n) => sum + n, 0));
    expect((await stage(build(true), 'a b')).output).toBe(3);
    expect((await stage(build(false), 'a b')).output).toBe(3);
  });

  it('stops a generator as far ahead of the step that reads it as 64 pieces', async () => {
    let made = 0;
    let most = 0;
    let read = 0;
    const paced = pipeline('paced')
      .step('make', async function* () {
        while (made < 1000) {
          yield made++;
          most = Math.max(most, made - read);
        }
      })
      .step(
        'read',
        async (input) => {
          for await (const _ of input) {
            read++;
            await new Promise((resolve) => setImmediate(resolve));
          }
          return read;
        },
        { input: 'stream' },
      );
    expect((await stage(paced, undefined)).output).toBe(1000);
    expect(most).toBeLessThanOrEqual(67);
  });

  it('runs what nobody reads to its end all the same', async () => {
    const unread = pipeline('unread')
      .step('write', () => words('a b c'))
      .step('ignore', () => 'done', { input: 'stream' });
    const { output, told } = await stage(unread, undefined);
    expect(output).toBe('done');
    expect(told).toContain('step_complete write #1 "a b c"');
  });

  it('runs a step again, after waits that double', async () => {
    let attempts = 0;
    const flaky = pipeline('flaky').step(
      'try',
      (_, { attempt }) => {
        if (++attempts < 3) throw new Error(`attempt ${attempt}`);
        return attempt;
      },
      { retry: { attempts: 3, delayMs: 100 } },
    );
    const { output, events, told } = await stage(flaky, undefined, { scheduler: fastTime() });
    expect(output).toBe(3);
    expect(told).toEqual([
      'pipeline_start',
      'step_start try #1',
      'step_error try #1 "attempt 1"',
      'step_retry try #2 "attempt 1"',
      'step_start try #2',
      'step_error try #2 "attempt 2"',
      'step_retry try #3 "attempt 2"',
      'step_start try #3',
      'step_complete try #3 3',
      'pipeline_complete 3',
    ]);
    const waits = events.flatMap((event) => (event.event_type === 'step_retry' ? [event.data.delay_ms] : []));
    expect(waits).toEqual([50, 100]);
  });

  it('gives up where another attempt is not worth it', async () => {
    const refused = pipeline('refused').step('try', () => Promise.reject(new Error('no')), {
      retry: { attempts: 5, retryOn: (error) => (error as Error).message !== 'no' },
    });
    const { error, told } = await stage(refused, undefined);
    expect(error).toEqual(new Error('no'));
    expect(told).toEqual(['pipeline_start', 'step_start try #1', 'step_error try #1 "no"', 'pipeline_error "no"']);
  });

  it('begins a reading step anew when what it reads broke off: the text is there once', async () => {
    let attempts = 0;
    const broken = pipeline('broken')
      .step(
        'write',
        async function* () {
          attempts++;
          yield 'Call ';
          yield 'me ';
          if (attempts === 1) throw new Error('cut');
          yield 'Ishmael.';
        },
        { retry: { attempts: 2, delayMs: 0 } },
      )
      .step(
        'shout',
        async function* (input) {
          for await (const word of input) yield word.toUpperCase();
        },
        { input: 'stream' },
      );
    const { output, told } = await stage(broken, undefined);
    expect(output).toBe('CALL ME ISHMAEL.');
    expect(told).toContain('step_retry shout #2 "its input broke off"');
    expect(told.at(-1)).toBe('pipeline_complete "CALL ME ISHMAEL."');
  });

  it('fails with what a step it reads fails with', async () => {
    const broken = pipeline('broken')
      .step('write', () =>
        from(['a']).pipe(
          concatMap((a) => (a === 'a' ? timer(0).pipe(concatMap(() => Promise.reject(new Error('cut')))) : of(a))),
        ),
      )
      .step(
        'read',
        async (input) => {
          for await (const _ of input);
          return 'whole';
        },
        { input: 'stream' },
      );
    const { error } = await stage(broken, undefined);
    expect(error).toEqual(new Error('cut'));
  });

  it('gives a reading step that failed by itself all pieces again', async () => {
    let attempts = 0;
    const again = pipeline('again')
      .step('write', () => words('a b c'))
      .step(
        'read',
        async (input) => {
          const got: string[] = [];
          for await (const word of input) {
            got.push(word);
            if (++attempts === 2) throw new Error('no');
          }
          return got;
        },
        { input: 'stream', retry: { attempts: 2, delayMs: 0 } },
      );
    expect((await stage(again, undefined)).output).toEqual(['a ', 'b ', 'c']);
  });

  it('fails a step that takes too long, whether it heeds its signal or not', async () => {
    let aborted: unknown;
    const deaf = pipeline('deaf').step(
      'hang',
      (_, { signal }) => {
        signal.addEventListener('abort', () => (aborted = signal.reason));
        return new Promise(() => {});
      },
      { timeoutMs: 100 },
    );
    const { error, told } = await stage(deaf, undefined, { scheduler: fastTime() });
    expect(error).toEqual(new StreamError('step-timeout', 'step "hang" took more than 100 ms'));
    expect(aborted).toBe(error);
    expect(told.at(-1)).toBe(
      'pipeline_error "step "hang" took more than 100 ms"'.replace('"step "hang" took', '"step \\"hang\\" took'),
    );
  });

  it('lets a stream go that takes too long', async () => {
    const deaf = pipeline('deaf').step('hang', () => NEVER, { timeoutMs: 100 });
    expect((await stage(deaf, undefined, { scheduler: fastTime() })).error).toMatchObject({ code: 'step-timeout' });
  });

  it('undoes what was done, the latest first, and goes on when that fails', async () => {
    const undone: unknown[] = [];
    const saga = pipeline<number>('saga')
      .step('book', (n) => n + 1, { compensate: (output, { stepId }, input) => undone.push([stepId, output, input]) })
      .step('charge', (n) => n + 1, {
        compensate: () => {
          throw new Error('bank closed');
        },
      })
      .step('ship', (n) => n + 1, { compensate: (output) => undone.push(output) })
      .step('fail', () => {
        throw new Error('storm');
      });
    const { error, told } = await stage(saga, 1);
    expect(error).toEqual(new Error('storm'));
    expect(undone).toEqual([4, ['book', 2, 1]]);
    expect(told.slice(-5)).toEqual([
      'pipeline_undoing "storm"',
      'step_compensated ship',
      'step_error charge #1 "it could not be undone: bank closed"',
      'step_compensated book',
      'pipeline_error "storm"',
    ]);
  });

  it('is cancelled at once, undone, and says why', async () => {
    const controller = new AbortController();
    const undone: unknown[] = [];
    const long = pipeline('long')
      .step('first', () => 1, { compensate: (output) => undone.push(output) })
      .step('wait', () => {
        controller.abort('not wanted any more');
        return new Promise(() => {});
      });
    const { error, told } = await stage(long, undefined, { signal: controller.signal });
    expect(error).toMatchObject({ code: 'run-cancelled', message: 'not wanted any more' });
    expect(undone).toEqual([1]);
    expect(told.at(-1)).toBe('pipeline_cancelled "not wanted any more"');
  });

  it('does nothing when it is cancelled before it begins', async () => {
    let ran = false;
    const never = pipeline('never').step('run', () => (ran = true));
    const { error, told } = await stage(never, undefined, { signal: AbortSignal.abort() });
    expect([ran, told.at(-1)]).toEqual([false, 'pipeline_cancelled "the run was cancelled"']);
    expect(error).toMatchObject({ code: 'run-cancelled' });
    const nothing = await stage(pipeline('nothing'), 1, { signal: AbortSignal.abort('enough') });
    expect(nothing.told).toEqual(['pipeline_start', 'pipeline_cancelled "enough"']);
  });

  it('runs branches at the same time, and stops all when one fails', async () => {
    const both = pipeline<number>('both').parallel('both', {
      double: (start) => start.step('double', (n) => n * 2),
      text: (start) => start.step('text', (n) => `${n}`).step('shout', (text) => `${text}!`),
    });
    const { output, told } = await stage(both, 4);
    expect(output).toEqual({ double: 8, text: '4!' });
    expect(told).toContain('step_complete both/text/shout #1 "4!"');
    let stopped = false;
    const failing = pipeline('failing').parallel('both', {
      hang: (start) =>
        start.step(
          'hang',
          (_, { signal }) => new Promise(() => signal.addEventListener('abort', () => (stopped = true))),
        ),
      fail: (start) => start.step('fail', () => Promise.reject(new Error('no'))),
    });
    expect((await stage(failing, undefined)).error).toEqual(new Error('no'));
    expect(stopped).toBe(true);
  });

  it('goes one of two ways', async () => {
    const sign = pipeline<number>('sign').branch(
      'sign',
      (n) => n < 0,
      (start) => start.step('minus', (n) => `minus ${-n}`),
    );
    expect((await stage(sign, -3)).output).toBe('minus 3');
    expect((await stage(sign, 3)).output).toBe(3);
  });

  it('does the same for each item, some at a time, and answers in their order', async () => {
    let [now, most] = [0, 0];
    const all = pipeline<readonly number[]>('all').map(
      'items',
      (start) =>
        start.step('wait', async (n) => {
          most = Math.max(most, ++now);
          await new Promise((resolve) => setTimeout(resolve, 10 - n));
          now--;
          return n * n;
        }),
      { concurrency: 3 },
    );
    const { output, told } = await stage(all, [1, 2, 3, 4, 5, 6, 7]);
    expect(output).toEqual([1, 4, 9, 16, 25, 36, 49]);
    expect(most).toBe(3);
    expect(told).toContain('step_complete items/6/wait #1 49');
    expect((await stage(all as never, 'text' as never)).error).toMatchObject({ code: 'data-malformed' });
  });

  it('bounds what a step may put out', async () => {
    const big = pipeline('big').step(
      'flood',
      async function* () {
        for (;;) yield 'x'.repeat(1000);
      },
      { maxOutputBytes: 10_000 },
    );
    expect((await stage(big, undefined)).error).toMatchObject({ code: 'overflow' });
  });

  it('survives what throws no Error, and what puts out no JSON', async () => {
    const rude = pipeline('rude').step('throw', () => {
      // eslint-disable-next-line no-throw-literal -- this is what is tried
      throw 'text';
    });
    expect((await stage(rude, undefined)).told.at(-1)).toBe('pipeline_error "text"');
    const odd = pipeline('odd').step('put', () => of(new Map(), 'a'));
    const { output: list, events: said } = await stage(odd, undefined);
    expect(list).toEqual([new Map(), 'a']);
    expect(said.slice(2, 4).map(({ data }) => data)).toMatchObject([{ values: ['a'] }, { lost: true }]);
    const lost = pipeline('lost')
      .step('answer', () => new Map([[1, 2]]))
      .step('size', (map) => map.size);
    const { output, events } = await stage(lost, undefined);
    expect([output, events[2]!.data]).toMatchObject([1, { lost: true }]);
  });

  it('fails when whoever takes the events throws', async () => {
    const sink = {
      next: () => {
        throw new Error('full');
      },
    };
    const any = pipeline('any').step('wait', () => new Promise(() => {}));
    await expect(runPipeline(any, undefined, { sink })).rejects.toMatchObject({ code: 'callback-failed' });
  });

  it('puts out bytes', async () => {
    const bytes = pipeline('bytes')
      .step('put', () => of(Uint8Array.of(1), Uint8Array.of(2, 3)))
      .step('length', (all) => [...all]);
    const { output, told } = await stage(bytes, undefined);
    expect([output, told[2]]).toEqual([[1, 2, 3], 'step_output put #1 ["AQ==","AgM="]']);
  });

  it('undoes the rest where an earlier process has begun to, though nobody knows why any more', async () => {
    const journal = new Journal();
    const add = (type: string, step: string, data: object): void =>
      journal.add({ event_type: type, execution_id: 'run', step_id: step, timestamp: 0, data } as never);
    add('step_complete', 'a', { attempt: 1, output: 'a' });
    add('step_compensated', 'b', {});
    const undone: string[] = [];
    const saga = pipeline('saga')
      .step('a', () => 'never', { compensate: (output) => undone.push(output) })
      .step('c', () => 'never');
    const { error } = await stage(saga, undefined, { journal });
    expect([(error as Error).message, undone]).toEqual(['an earlier process undid what it had done', ['a']]);
  });
});
