import { filter, firstValueFrom, lastValueFrom, retry, toArray, VirtualTimeScheduler } from 'rxjs';
import { createMemoryLog } from 'sluice/log/memory';
import { createRuns, pipeline, type RunsOptions } from 'sluice/run';
import { createReaper, createStreams, type Streams } from 'sluice/streams';
import { describe, expect, it } from 'vitest';
import { post } from '../../src/run/letter.js';
import { createRun } from '../../src/run/life.js';

function stage(options: Partial<RunsOptions<unknown>> = {}) {
  const streams = createStreams({ log: createMemoryLog() });
  const make = (over: Streams = streams) => createRuns({ streams: over, leaseMs: Infinity, ...options });
  const told = async (id: string) =>
    (await lastValueFrom(make().events(id).pipe(toArray()))).map(({ event_type: type, step_id: step }) =>
      [type, step].filter(Boolean).join(' '),
    );
  return { streams, make, told };
}

const hang = (): Promise<never> => new Promise(() => {});

/** A run that dies while it is being undone: the first process never gets beyond undoing `b`. */
async function dyingUndone(cancelled: boolean) {
  const all = stage();
  const undone: string[] = [];
  let wake!: () => void;
  const slow = new Promise<void>((resolve) => (wake = resolve));
  let failures = 0;
  const saga = pipeline('saga')
    .step('a', () => 'a', { compensate: (output) => undone.push(output) })
    .step('b', () => 'b', { compensate: (output) => (undone.push(output), slow) })
    .step('c', () => 'c', { compensate: (output) => undone.push(output) })
    .step('end', () => {
      failures++;
      return cancelled ? hang() : Promise.reject(new Error('storm'));
    });
  const first = all.make().start(saga, undefined);
  if (cancelled) {
    await first.begun;
    const atEnd = filter(({ step_id: step }: { step_id: string | null }) => step === 'end');
    await firstValueFrom(
      all
        .make()
        .events(first.executionId, { types: ['step_start'] })
        .pipe(atEnd),
    );
    await all.make().cancel(first.executionId, 'not wanted');
  }
  await expect.poll(() => undone).toEqual(['c', 'b']);
  return { ...all, saga, undone, executionId: first.executionId, failures: () => failures, first, wake };
}

describe('life', () => {
  it('is fenced before another begins: the former begins no step any more', async () => {
    const { make } = stage();
    let go!: () => void;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const ran: string[] = [];
    const two = pipeline('two')
      .step('wait', (_, { attempt }) => (attempt === 1 ? gate : undefined))
      .step('act', (_, { attempt }) => ran.push(`act #${attempt}`));
    const first = make().start(two, undefined);
    await first.begun;
    await firstValueFrom(make().events(first.executionId, { types: ['step_start'] }));
    await make().resume(two, first.executionId).result;
    go();
    await expect(first.result).rejects.toMatchObject({ code: expect.stringMatching(/fenced|closed/) as string });
    expect(ran).toEqual(['act #1']);
  });

  it('begins though another died as it was about to take up the run', async () => {
    const { make, streams } = stage({ random: () => 0 });
    let go!: () => void;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const one = pipeline('one').step('a', (_, { attempt }) => (attempt === 1 ? (go(), hang()) : 'done'));
    const { executionId } = make().start(one, undefined);
    await gate;
    // It has fenced the first, and said nothing.
    const producer = { id: 'run', epoch: 2 ** 20 + 7, seq: 0 };
    await streams.append(`runs/${executionId}`, [], { producer });
    const runs = make();
    expect(await runs.resume(one, executionId).result).toBe('done');
    expect(await runs.info(executionId)).toMatchObject({ attempts: 2, status: 'completed' });
  });

  it('may begin though whoever was about to begin it died', async () => {
    const { make, streams } = stage();
    const one = pipeline('one').step('a', () => 'done');
    await createRun({ streams, keepMs: 3_600_000 }, 'r', { source: 'one' });
    await expect(make().resume(one, 'r').result).rejects.toMatchObject({ code: 'run-not-found' });
    expect(await make().start(one, undefined, { executionId: 'r' }).result).toBe('done');
  });

  it('takes over a run that goes on telling, however much', async () => {
    const { make } = stage();
    let stop = false;
    const chatty = pipeline('chatty', { streaming: { bufferSize: 1 } }).step('talk', async function* (_, { attempt }) {
      while (attempt === 1 && !stop) {
        yield 'x';
        await new Promise((resolve) => setImmediate(resolve));
      }
      yield 'y';
    });
    const first = make().start(chatty, undefined);
    await first.begun;
    await firstValueFrom(make().events(first.executionId, { types: ['step_output'] }));
    expect(await make().resume(chatty, first.executionId).result).toBe('y');
    await expect(first.result).rejects.toThrow();
    stop = true;
  });

  it('goes on undoing what an earlier one began to undo, and does nothing else', async () => {
    const { make, saga, undone, executionId, failures, told } = await dyingUndone(false);
    const other = pipeline('saga')
      .step('a', () => 'never', { compensate: (output) => undone.push(output) })
      .step('b', () => 'never', { compensate: (output) => undone.push(`${output} again`) })
      .step('c', () => 'never', { compensate: (output) => undone.push(output) })
      .step('end', () => 'never');
    expect(saga.name).toBe(other.name);
    await expect(make().resume(other, executionId).result).rejects.toThrow('storm');
    expect([undone, failures()]).toEqual([['c', 'b', 'b again', 'a'], 1]);
    expect((await told(executionId)).slice(-4)).toEqual([
      'pipeline_start',
      'step_compensated b',
      'step_compensated a',
      'pipeline_error',
    ]);
  });

  it('undoes nothing any more that another is undoing', async () => {
    const { make, saga, undone, executionId, first, wake } = await dyingUndone(false);
    const other = pipeline(saga.name)
      .step('a', () => 'never', { compensate: (output) => undone.push(`${output} by another`) })
      .step('b', () => 'never')
      .step('c', () => 'never')
      .step('end', () => 'never');
    await expect(make().resume(other, executionId).result).rejects.toThrow('storm');
    wake();
    await expect(first.result).rejects.toMatchObject({ code: expect.stringMatching(/fenced|closed/) as string });
    expect(undone).toEqual(['c', 'b', 'a by another']);
  });

  it('ends as cancelled what was cancelled before it was taken up, in the midst of being undone', async () => {
    const { make, executionId, undone } = await dyingUndone(true);
    const other = pipeline('saga')
      .step('a', () => 'never', { compensate: (output) => undone.push(output) })
      .step('b', () => 'never')
      .step('c', () => 'never')
      .step('end', () => 'never');
    await expect(make().resume(other, executionId).result).rejects.toMatchObject({ code: 'run-cancelled' });
    expect(await make().info(executionId)).toMatchObject({ status: 'cancelled', reason: 'not wanted' });
    expect(undone).toEqual(['c', 'b', 'a']);
  });

  it('lets its lease lapse when nothing is kept any more: a reaper ends what nobody else has', async () => {
    const { streams } = stage();
    const scheduler = new VirtualTimeScheduler();
    let broken = false;
    const failing = {
      ...streams,
      append: async (...args: Parameters<Streams['append']>) => {
        if (broken && args[0].startsWith('runs/')) throw new Error('disk full');
        return await streams.append(...args);
      },
      publish: streams.publish.bind(streams),
      create: streams.create.bind(streams),
      info: streams.info.bind(streams),
      receive: streams.receive.bind(streams),
      read: streams.read.bind(streams),
      close: streams.close.bind(streams),
    } as unknown as Streams;
    const runs = createRuns({ streams: failing, leaseMs: 900, scheduler });
    const reaper = createReaper(streams, { scheduler, graceMs: 0 });
    const two = pipeline('two')
      .step('a', () => void (broken = true))
      .step('b', () => 'never');
    const { executionId, result } = runs.start(two, undefined);
    await expect(result).rejects.toThrow('disk full');
    await expect.poll(() => reaper.held).toBe(1);
    scheduler.flush();
    expect(await streams.info(`runs/${executionId}`)).toMatchObject({ status: 'failed', reason: 'producer-lost' });
    await expect(createRuns({ streams }).resume(two, executionId).result).rejects.toMatchObject({
      code: 'stream-failed',
      message: `run "${executionId}" was given up: producer-lost`,
    });
    await expect(createRuns({ streams }).answer(executionId, 'x', 1)).rejects.toMatchObject({ code: 'answer-refused' });
    reaper.dispose();
  });

  it('releases its lease when its run has ended, however', async () => {
    const { streams } = stage();
    const runs = createRuns({ streams, leaseMs: 900, scheduler: new VirtualTimeScheduler() });
    const good = runs.start(
      pipeline('good').step('a', () => 1),
      undefined,
    );
    const bad = runs.start(
      pipeline('bad').step('a', () => Promise.reject(new Error('no'))),
      undefined,
    );
    await Promise.allSettled([good.result, bad.result]);
    await expect.poll(async () => (await streams.info('sluice/leases'))!.next).toBeGreaterThanOrEqual(4);
    const states: unknown[] = [];
    for await (const { data } of streams.read('sluice/leases')) {
      states.push((data as { state: string }).state);
      if (states.length === 4) break;
    }
    expect(states.toSorted()).toEqual(['held', 'held', 'released', 'released']);
  });

  it('holds a lease on time that is its own, where none is handed in', async () => {
    const { streams } = stage();
    const { result } = createRuns({ streams }).start(
      pipeline('p').step('a', () => 1),
      undefined,
    );
    expect(await result).toBe(1);
    expect(await streams.info('sluice/leases')).toBeDefined();
  });

  it('gives the result of a run that ends as it is taken up, and says when the log fails it', async () => {
    const { streams, make } = stage();
    const one = pipeline('one').step('a', (_, { attempt }) => (attempt === 1 ? gate : 'never'));
    let go!: (value: string) => void;
    const gate = new Promise<string>((resolve) => (go = resolve));
    const first = make().start(one, undefined);
    await first.begun;
    const meddling = (meddle: () => Promise<unknown>): Streams =>
      Object.assign(Object.create(streams) as Streams, {
        append: async (...args: Parameters<Streams['append']>) => {
          await meddle();
          return await streams.append(...args);
        },
      });
    const failing = meddling(() => Promise.reject(new Error('disk full')));
    await expect(make(failing).resume(one, first.executionId).result).rejects.toThrow('disk full');
    const late = meddling(async () => {
      go('first');
      await first.result;
    });
    expect(await make(late).resume(one, first.executionId).result).toBe('first');
  });

  it('says when it cannot be told to stop', async () => {
    const { streams, make } = stage();
    const { executionId, begun } = make().start(pipeline('p').step('a', hang), undefined);
    await begun;
    const failing = Object.assign(Object.create(streams) as Streams, {
      publish: () => Promise.reject(new Error('full')),
    });
    await expect(make(failing).cancel(executionId)).rejects.toThrow('full');
    const asking = make().start(
      pipeline('asking').step('a', (_, { waitFor }) => waitFor('x')),
      undefined,
    );
    await firstValueFrom(
      make()
        .events(asking.executionId, { types: ['step_waiting'] })
        .pipe(retry({ delay: 1 })),
    );
    await expect(make(failing).answer(asking.executionId, 'x', 1)).rejects.toThrow('full');
    await expect(make(failing).answer(executionId, 'x', NaN)).rejects.toThrow('an answer must be JSON but holds NaN');
    // It ends while it is being cancelled: that is no trouble.
    const ending = Object.assign(Object.create(streams) as Streams, {
      publish: async (...args: Parameters<Streams['publish']>) => {
        await streams.close(args[0]);
        return await streams.publish(...args);
      },
    });
    await make(ending).cancel(executionId);
  });

  it('does not begin where nothing can be said to it', async () => {
    const { streams, make } = stage();
    const failing = Object.assign(Object.create(streams) as Streams, {
      create: async (...args: Parameters<Streams['create']>) => {
        if (args[0].endsWith('/inbox')) throw new Error('full');
        await streams.create(...args);
      },
    });
    let ran = false;
    const { begun, result } = make(failing).start(
      pipeline('p').step('a', () => (ran = true)),
      undefined,
    );
    await expect(begun).rejects.toThrow('full');
    await expect(result).rejects.toThrow('full');
    expect(ran).toBe(false);
  });

  it('cannot go on where somebody else has ended its stream', async () => {
    const { streams, make } = stage({ services: { a: 1 } });
    const one = pipeline('p').step('a', hang);
    const { executionId, begun } = make().start(one, undefined);
    await begun;
    await streams.close(`runs/${executionId}`);
    await expect(make().resume(one, executionId).result).rejects.toThrow('was given up: nobody had it');
  });

  it('closes what is said to it when it has ended: nobody is left waiting, and nothing is left behind', async () => {
    const { streams, make } = stage({ keepMs: 5000 });
    const { executionId, result } = make().start(
      pipeline('p').step('a', () => 1),
      undefined,
    );
    await result;
    expect(await streams.info(`runs/${executionId}/inbox`)).toMatchObject({ status: 'completed' });
    await expect(post(streams, executionId, { type: 'cancel' })).rejects.toMatchObject({ code: 'stream-closed' });
    await make().cancel(executionId);
  });

  it('tells of begin and end alone where streaming is off, and begins anew when taken up', async () => {
    const { make, told } = stage();
    let ran = 0;
    const quiet = pipeline<number>('quiet', { streaming: { enabled: false } })
      .step('a', (n) => (ran++, n + 1))
      .step('b', (n, { waitFor }) => (ran > 1 ? n : waitFor('nobody')));
    const first = make().start(quiet, 1);
    await expect(first.result).rejects.toMatchObject({ code: 'answer-refused' });
    expect(await told(first.executionId)).toEqual(['pipeline_start', 'pipeline_error']);
    const second = make().start(quiet, 1);
    expect(await second.result).toBe(2);
    expect(await make().info(second.executionId)).toMatchObject({ status: 'completed', output: 2 });
  });

  it('loses an output that no event can hold: the step is run again when the run is taken up', async () => {
    const { make } = stage({ maxEventBytes: 100 });
    const ran: string[] = [];
    const large = pipeline('large')
      .step('value', () => (ran.push('value'), 'x'.repeat(200)))
      .step('pieces', async function* () {
        ran.push('pieces');
        for (let i = 0; i < 4; i++) yield 'y'.repeat(50);
      })
      .step('wait', async (text, { attempt, checkpoint }) => {
        if (attempt > 1) return text.length;
        await checkpoint(null);
        return await hang();
      });
    const first = make().start(large, undefined);
    await first.begun;
    await firstValueFrom(make().events(first.executionId, { types: ['checkpoint_saved'] }));
    expect(await make().resume(large, first.executionId).result).toBe(200);
    expect(ran).toEqual(['value', 'pieces', 'value']);
  });

  it('fails before it begins when its input is none that can be kept, or a service is missing', async () => {
    const { make } = stage();
    const any = pipeline('any').step('a', () => 1);
    expect(() => make().start(any, new Map())).toThrow('input of a run must be JSON but holds an instance of Map');
    const needy = pipeline('needy', { needs: ['llm'] }).step('a', () => 1);
    const { begun, result, executionId } = make().start(needy, 1);
    await expect(begun).rejects.toMatchObject({ code: 'pipeline-invalid' });
    await expect(result).rejects.toThrow('needs services that are not there: llm');
    expect(await make().info(executionId)).toBeUndefined();
    await expect(make().resume(needy, 'nobody').result).rejects.toMatchObject({ code: 'pipeline-invalid' });
  });

  it('is refused a name that is taken, also at the same moment', async () => {
    const { make } = stage();
    const one = pipeline('one').step('a', () => 1);
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => make().start(one, undefined, { executionId: 'same' }).result),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'stream-exists' });
  });
});
