import { firstValueFrom, lastValueFrom, Observable, toArray } from 'rxjs';
import { createMemoryLog } from 'sluice/log/memory';
import { createRuns, pipeline, type StepContext } from 'sluice/run';
import { createStreams } from 'sluice/streams';
import { describe, expect, it } from 'vitest';
import { fastTime, stage } from './stage.js';

function open() {
  const streams = createStreams({ log: createMemoryLog() });
  return { streams, runs: createRuns({ streams, leaseMs: Infinity }) };
}

describe('a hostile step', () => {
  it.each<[string, () => unknown, string]>([
    [
      'throws at once',
      () => {
        throw new Error('no');
      },
      'no',
    ],
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- this is what is tried
    ['rejects with no Error', () => Promise.reject('text'), 'text'],
    [
      'throws nothing',
      () => {
        // eslint-disable-next-line no-throw-literal -- this is what is tried
        throw undefined;
      },
      'undefined',
    ],
    [
      'throws what cannot be made a text',
      () => {
        throw Object.create(null);
      },
      'an object was thrown',
    ],
    ['puts out a stream that fails at once', () => new Observable((to) => to.error(new Error('no'))), 'no'],
    [
      'answers an iterable that has no iterator',
      () => ({ [Symbol.asyncIterator]: () => ({}) }),
      'iterator.next is not a function',
    ],
    [
      'answers an iterable that throws',
      () => ({
        [Symbol.asyncIterator]: () => {
          throw new Error('no');
        },
      }),
      'no',
    ],
  ])('that %s fails its run with that', async (_, run, message) => {
    const { told } = await stage(pipeline('p').step('a', run), undefined);
    expect(told.at(-1)).toBe(`pipeline_error ${JSON.stringify(message)}`);
  });

  it('that never ends, and heeds nothing, is given up by name: the run ends', async () => {
    const deaf = pipeline('deaf').step('hang', () => new Promise(() => {}), {
      timeoutMs: 1000,
      retry: { attempts: 2, delayMs: 0 },
    });
    const { events, told } = await stage(deaf, undefined, { scheduler: fastTime() });
    expect(told.filter((line) => line.startsWith('step_error'))).toHaveLength(2);
    expect(events.filter(({ event_type: type }) => type === 'step_error').map(({ data }) => data)).toMatchObject([
      { attempt: 1, code: 'step-timeout', duration_ms: 1000 },
      { attempt: 2, code: 'step-timeout' },
    ]);
  });

  it('that says something after its end is not heard, and cannot wait any more', async () => {
    const { runs } = open();
    let late!: StepContext;
    const talking = pipeline('talking').step('a', (_, context) => ((late = context), 'done'));
    const { executionId, result } = runs.start(talking, undefined);
    await result;
    late.emitProgress(1);
    late.emit('own_kind', { a: 1 });
    late.log('late');
    await late.checkpoint({ late: true });
    await expect(late.waitFor('late')).rejects.toThrow('the step is over');
    const types = (await lastValueFrom(runs.events(executionId).pipe(toArray()))).map(({ event_type: type }) => type);
    expect(types).toEqual(['pipeline_start', 'step_start', 'step_complete', 'pipeline_complete']);
  });

  it('that puts out without end is bounded by bytes, paced or not', async () => {
    const { runs } = open();
    const flood = pipeline('flood').step('make', async function* () {
      for (;;) yield 'x'.repeat(2 ** 16);
    });
    const pushed = pipeline('pushed').step(
      'make',
      () =>
        new Observable<string>((to) => {
          while (!to.closed) to.next('x'.repeat(2 ** 16));
        }),
    );
    for (const one of [flood, pushed]) {
      const { executionId, result } = runs.start(one, undefined);
      await expect(result).rejects.toMatchObject({ code: 'overflow' });
      expect(await runs.info(executionId)).toMatchObject({ status: 'failed' });
    }
  });

  it('that tells without end fails its run, which says so', async () => {
    const { runs } = open();
    const chatty = pipeline('chatty').step('talk', (_, { log }) => {
      for (let i = 0; i < 70_000; i++) log('x');
      return new Promise(() => {});
    });
    const { executionId, result } = runs.start(chatty, undefined);
    await expect(result).rejects.toMatchObject({ code: 'overflow' });
    expect(await runs.info(executionId)).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('wait to be kept') as string,
    });
  });

  it('does not make its run unreadable by events of its own', async () => {
    const { runs } = open();
    const odd = pipeline('odd').step('a', (_, { emit }) => {
      emit('page_crawled', { type: 'x', url: 7 });
      return 1;
    });
    const { executionId, result } = runs.start(odd, undefined);
    expect(await result).toBe(1);
    const events = await lastValueFrom(runs.events(executionId, { types: ['page_crawled' as never] }).pipe(toArray()));
    expect(events.map(({ data }) => data)).toEqual([{ type: 'x', url: 7 }]);
    expect(await runs.info(executionId)).toMatchObject({ status: 'completed' });
  });

  it.each<[string, object, string]>([
    ['pipeline_complete', {}, 'event "pipeline_complete" is one that runs tell by themselves'],
    ['step_start', { attempt: 9 }, 'event "step_start" is one that runs tell by themselves'],
  ])('cannot say %s by itself', async (type, data, message) => {
    const liar = pipeline('liar').step('a', (_, { emit }) => emit(type, data as never));
    expect(((await stage(liar, undefined)).error as Error).message).toBe(message);
  });

  it('does not wait for ever for what details no event can hold', async () => {
    const { runs } = open();
    const odd = pipeline('odd').step('a', (_, { waitFor }) => waitFor('ok', { details: NaN as never }));
    await expect(runs.start(odd, undefined).result).rejects.toThrow('details of "ok" must be JSON but holds NaN');
  });
});

describe('many runs', () => {
  it('go on at once', async () => {
    const { runs } = open();
    const waiting = pipeline<number>('waiting')
      .step('ask', (_, { waitFor }) => waitFor('go'))
      .step('add', (n) => (n as number) + 1);
    const all = Array.from({ length: 300 }, (_, i) => runs.start(waiting, i));
    await Promise.all(
      all.map(async ({ executionId }, i) => {
        await firstValueFrom(runs.events(executionId, { types: ['step_waiting'] }));
        await runs.answer(executionId, 'go', i);
      }),
    );
    const results = await Promise.all(all.map(({ result }) => result));
    expect(results).toEqual(all.map((_, i) => i + 1));
    expect((await runs.list({ limit: 1000 })).runs).toHaveLength(300);
  });
});
