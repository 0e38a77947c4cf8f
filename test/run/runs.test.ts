import { filter, firstValueFrom, lastValueFrom, toArray, VirtualTimeScheduler } from 'rxjs';
import { createMemoryLog } from 'sluice/log/memory';
import { createRuns, pipeline, type RunEvent, type RunsOptions } from 'sluice/run';
import { createStreams } from 'sluice/streams';
import { describe, expect, it } from 'vitest';

function stage(options: Partial<RunsOptions<unknown>> = {}) {
  const streams = createStreams({ log: createMemoryLog() });
  const runs = createRuns({ streams, leaseMs: Infinity, ...options });
  const told = async (id: string) =>
    (await lastValueFrom(runs.events(id).pipe(toArray()))).map(({ event_type, step_id }) =>
      `${event_type} ${step_id ?? ''}`.trim(),
    );
  return { streams, runs, told };
}

const greeting = pipeline<string>('greeting')
  .step('greet', async function* (name) {
    yield 'hello ';
    yield name;
  })
  .step('shout', (text) => text.toUpperCase());

/** A pipeline of which the second step can be held up, and says when it has begun. */
function holding() {
  const ran: string[] = [];
  let begun!: () => void;
  const here = new Promise<void>((resolve) => (begun = resolve));
  const two = pipeline<number>('two')
    .step('first', (n) => {
      ran.push('first');
      return n + 1;
    })
    .step('second', async (n, { attempt, restored, checkpoint }) => {
      ran.push(`second #${attempt} from ${JSON.stringify(restored)}`);
      if (attempt > 1) return n * 10;
      await checkpoint({ at: n });
      begun();
      return await new Promise<number>(() => {});
    });
  return { two, ran, here };
}

describe('runs', () => {
  it('keeps a run as a stream that can be watched while it goes on and afterwards', async () => {
    const { runs, told, streams } = stage();
    const { executionId, result } = runs.start(greeting, 'you', { session: 's1' });
    expect(await result).toBe('HELLO YOU');
    const all = [
      'pipeline_start',
      'step_start greet',
      'step_output greet',
      'step_complete greet',
      'step_start shout',
      'step_complete shout',
      'pipeline_complete',
    ];
    expect(await told(executionId)).toEqual(all);
    expect(await streams.info(`runs/${executionId}`)).toMatchObject({
      status: 'completed',
      source: 'greeting',
      session: 's1',
      contentType: 'application/json',
    });
    expect((await runs.list()).runs).toMatchObject([{ executionId }]);
    expect(await runs.info(executionId)).toMatchObject({
      pipeline: 'greeting',
      status: 'completed',
      input: 'you',
      output: 'HELLO YOU',
      attempts: 1,
      waiting: [],
    });
  });

  it('shows those who watch only what they want, and always how the run goes', async () => {
    const { runs } = stage();
    const { executionId, result } = runs.start(greeting, 'you');
    await result;
    const read = async (filter: Parameters<typeof runs.events>[1]) =>
      (await lastValueFrom(runs.events(executionId, filter).pipe(toArray()))).map(({ event_type: type }) => type);
    expect(await read({ types: ['step_output'] })).toEqual(['step_output']);
    expect(await read({ steps: ['shout'] })).toEqual([
      'pipeline_start',
      'step_start',
      'step_complete',
      'pipeline_complete',
    ]);
  });

  it('tells of a run that failed, and of one that was cancelled from elsewhere', async () => {
    const { runs, streams } = stage();
    const failing = runs.start(
      pipeline('failing').step('fail', () => Promise.reject(new Error('no'))),
      undefined,
    );
    await expect(failing.result).rejects.toThrow('no');
    expect(await runs.info(failing.executionId)).toMatchObject({ status: 'failed', reason: 'no' });
    const hanging = runs.start(
      pipeline('hanging').step('hang', () => new Promise(() => {})),
      undefined,
    );
    await firstValueFrom(runs.events(hanging.executionId, { types: ['step_start'] }));
    const elsewhere = createRuns({ streams });
    await elsewhere.cancel(hanging.executionId, 'too long', 'ann');
    await expect(hanging.result).rejects.toMatchObject({ code: 'run-cancelled', message: 'too long' });
    expect(await runs.info(hanging.executionId)).toMatchObject({ status: 'cancelled', reason: 'too long' });
    // Once more does nothing.
    await elsewhere.cancel(hanging.executionId);
    await expect(elsewhere.cancel('nobody')).rejects.toMatchObject({ code: 'run-not-found' });
  });

  it('goes on where the process before it died: what is finished is not done again', async () => {
    const { runs, streams, told } = stage();
    const { two, ran, here } = holding();
    const first = runs.start(two, 4);
    first.result.catch(() => {});
    await here;
    const other = createRuns({ streams, leaseMs: Infinity });
    expect(await other.resume(two, first.executionId).result).toBe(50);
    expect(ran).toEqual(['first', 'second #1 from undefined', 'second #2 from {"at":5}']);
    expect((await told(first.executionId)).slice(3)).toEqual([
      'step_start second',
      'checkpoint_saved second',
      'pipeline_start',
      'step_retry second',
      'step_start second',
      'step_complete second',
      'pipeline_complete',
    ]);
    expect(await runs.info(first.executionId)).toMatchObject({ status: 'completed', attempts: 2, output: 50 });
    // Who comes later gets what it came to.
    expect(await other.resume(two, first.executionId).result).toBe(50);
  });

  it('fences whoever had a run that another has taken up', async () => {
    const { runs, streams } = stage();
    let go!: (n: number) => void;
    let undone = 0;
    const slow = pipeline('slow')
      .step('before', () => 1, { compensate: () => undone++ })
      .step('wait', (_, { attempt }) => (attempt > 1 ? 2 : new Promise<number>((resolve) => (go = resolve))));
    const first = runs.start(slow, undefined);
    await firstValueFrom(
      runs
        .events(first.executionId, { types: ['step_start'], steps: ['wait'] })
        .pipe(filter(({ step_id: step }) => step === 'wait')),
    );
    expect(await createRuns({ streams, leaseMs: Infinity }).resume(slow, first.executionId).result).toBe(2);
    go(1);
    await expect(first.result).rejects.toMatchObject({
      code: expect.stringMatching(/producer-fenced|stream-closed/) as string,
    });
    expect(await runs.info(first.executionId)).toMatchObject({ output: 2 });
    // What it did is the other's now.
    expect(undone).toBe(0);
  });

  it('is taken up by one, when two try at the same moment', async () => {
    const { runs, streams } = stage();
    const { two, ran, here } = holding();
    const first = runs.start(two, 1);
    first.result.catch(() => {});
    await here;
    const results = await Promise.all(
      [1, 2, 3].map(() =>
        createRuns({ streams, leaseMs: Infinity })
          .resume(two, first.executionId)
          .result.catch((error: { code: string }) => error.code),
      ),
    );
    expect(results).toContain(20);
    expect(new Set(results).size).toBeLessThanOrEqual(2);
    expect(ran.filter((line) => line === 'first')).toHaveLength(1);
    const ends: RunEvent[] = await lastValueFrom(
      runs.events(first.executionId, { types: ['pipeline_complete'] }).pipe(toArray()),
    );
    expect(ends).toHaveLength(1);
  });

  it('has nothing of a removed run of its id: no answers, no cancellation, no streams of its steps', async () => {
    const { streams, runs } = stage();
    const asking = pipeline<number>('asking').step('ask', (_, { waitFor }) => waitFor('go'));
    const executionId = 'again';
    const asked = async () => await firstValueFrom(runs.events(executionId, { types: ['step_waiting'] }));
    const first = runs.start(asking, 1, { executionId });
    await asked();
    await runs.answer(executionId, 'go', 'of the first');
    expect(await first.result).toBe('of the first');
    await streams.create('runs/again/steps/ask/1', { metadata: { of: 'the first' } });
    await streams.create('runs/against', {});
    await streams.delete('runs/again');
    const second = runs.start(asking, 1, { executionId });
    await second.begun;
    expect((await streams.list('runs/again/')).map(({ streamId }) => streamId)).toEqual(['runs/again/inbox']);
    expect(await streams.info('runs/against')).toBeDefined();
    await asked();
    await runs.answer(executionId, 'go', 'of the second');
    expect(await second.result).toBe('of the second');
  });

  it('keeps what belongs to a run that goes on, when another wants its id', async () => {
    const { streams, runs } = stage();
    const { two, here } = holding();
    const run = runs.start(two, 1, { executionId: 'mine' });
    run.result.catch(() => {});
    await here;
    const before = await streams.info('runs/mine/inbox');
    await expect(runs.start(two, 1, { executionId: 'mine' }).result).rejects.toMatchObject({ code: 'stream-exists' });
    expect(await streams.info('runs/mine/inbox')).toEqual(before);
  });

  it('refuses to take up what is not there, or another pipeline’s', async () => {
    const { runs } = stage();
    await expect(runs.resume(greeting, 'nobody').result).rejects.toMatchObject({ code: 'run-not-found' });
    const { executionId, result } = runs.start(greeting, 'you');
    await result;
    await expect(runs.resume(pipeline('other'), executionId).result).rejects.toMatchObject({
      code: 'pipeline-invalid',
    });
    expect(() => runs.start(greeting, 'you', { executionId: 'a/b' })).toThrow('executionId must not hold "/"');
    await expect(runs.start(greeting, 'again', { executionId }).result).rejects.toMatchObject({
      code: 'stream-exists',
    });
  });

  it('gives the ends again of runs that failed or were cancelled', async () => {
    const { runs } = stage();
    const failing = pipeline('failing').step('fail', () => Promise.reject(new Error('no')));
    const { executionId, result } = runs.start(failing, undefined);
    await expect(result).rejects.toThrow('no');
    await expect(runs.resume(failing, executionId).result).rejects.toMatchObject({
      code: 'stream-failed',
      message: 'no',
    });
  });

  it('waits for an answer, over the death of its process', async () => {
    const { runs, streams } = stage();
    const asking = pipeline('asking').step(
      'ask',
      async (_, { waitFor }) => await waitFor('approval', { details: { amount: 7 }, by: ['ann'] }),
    );
    const { executionId, result } = runs.start(asking, undefined);
    result.catch(() => {});
    await firstValueFrom(runs.events(executionId, { types: ['step_waiting'] }));
    expect(await runs.info(executionId)).toMatchObject({
      status: 'waiting',
      waiting: [{ step: 'ask', name: 'approval', details: { amount: 7 } }],
    });
    const other = createRuns({ streams, leaseMs: Infinity });
    const taken = other.resume(asking, executionId);
    await expect(other.answer(executionId, 'approval', true)).rejects.toMatchObject({ code: 'answer-refused' });
    await expect(other.answer(executionId, 'approval', true, { by: 'bob' })).rejects.toThrow(
      '"approval" is not for bob to answer',
    );
    await expect(other.answer(executionId, 'other', true)).rejects.toThrow('"other" was not asked for');
    const answers = await Promise.allSettled(
      ['yes', 'no'].map((value) => other.answer(executionId, 'approval', value, { by: 'ann' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await taken.result).toBe('yes');
    expect(await runs.info(executionId)).toMatchObject({ status: 'completed', waiting: [] });
    await expect(other.answer(executionId, 'approval', true, { by: 'ann' })).rejects.toThrow('comes too late');
  });

  it('asks for a name where several steps wait under one', async () => {
    const { runs } = stage();
    const both = pipeline('both').parallel('both', {
      a: (start) => start.step('ask', async (_, { waitFor }) => await waitFor('ok')),
      b: (start) => start.step('ask', async (_, { waitFor }) => await waitFor('ok')),
    });
    const { executionId, result } = runs.start(both, undefined);
    await expect.poll(async () => (await runs.info(executionId))!.waiting).toHaveLength(2);
    await expect(runs.answer(executionId, 'ok', 1)).rejects.toThrow('several steps, name one: both/a/ask, both/b/ask');
    await runs.answer(executionId, 'ok', 1, { step: 'both/a/ask' });
    await runs.answer(executionId, 'ok', 2);
    expect(await result).toEqual({ a: 1, b: 2 });
  });

  it('is ended by a reaper when its process dies and nobody takes it up', async () => {
    const { streams } = stage();
    const scheduler = new VirtualTimeScheduler();
    const runs = createRuns({ streams, leaseMs: 900, scheduler });
    const { executionId, result } = runs.start(
      pipeline('hanging').step('hang', () => new Promise(() => {})),
      undefined,
    );
    result.catch(() => {});
    await expect.poll(async () => await streams.info('sluice/leases')).toBeDefined();
    const leases = await firstValueFrom(streams.receive('sluice/leases'));
    expect(leases.data).toMatchObject({ stream: `runs/${executionId}`, producer: 'run', leaseMs: 900, state: 'held' });
    await streams.close(`runs/${executionId}`, 'failed', 'producer-lost');
    expect(await runs.info(executionId)).toMatchObject({ status: 'lost' });
  });
});
