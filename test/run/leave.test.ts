import { StreamError } from 'sluice/chunk';
import type { Log } from 'sluice/log';
import { createMemoryLog } from 'sluice/log/memory';
import { pipeline } from 'sluice/run';
import { describe, expect, it, vi } from 'vitest';
import { bound, gate, hang, leaveStage as stage, longMs, read } from './leave-stage.js';

const left = { code: 'run-left' };
const patience = { timeout: 30_000 };

describe('a process that leaves its runs', () => {
  it('finishes the step at work and begins no other: another goes on at once, and nothing is done twice', async () => {
    const { process, heir, told } = stage();
    const [begun, go] = [gate(), gate()];
    const ran: string[] = [];
    const three = pipeline<string>('three')
      .step('a', (text) => (ran.push('a'), text))
      .step('b', async (text) => (ran.push('b'), begun.open(), await go.passed, `${text}!`))
      .step('c', (text, { attempt }) => (ran.push(`c #${attempt}`), text.toUpperCase()));
    heir(three);
    const leaving = process();
    const { executionId, result } = leaving.start(three, 'hi');
    await begun.passed;
    const over = leaving.leave({ withinMs: longMs });
    go.open();
    await over;
    await expect(result).rejects.toMatchObject(left);
    expect(await told(executionId)).toEqual([
      'pipeline_start',
      'step_start a #1',
      'step_complete a #1',
      'step_start b #1',
      'step_complete b #1',
      'pipeline_handover',
      'pipeline_start',
      'step_start c #1',
      'step_complete c #1',
      'pipeline_complete',
    ]);
    expect(ran).toEqual(['a', 'b', 'c #1']);
    expect(await process().info(executionId)).toMatchObject({ status: 'completed', output: 'HI!', attempts: 2 });
  });

  it('lets a run end whose last step is at work', async () => {
    const { process, told } = stage();
    const [begun, go] = [gate(), gate()];
    const one = pipeline('one').step('a', async () => (begun.open(), await go.passed, 'done'));
    const leaving = process();
    const { executionId, result } = leaving.start(one, undefined);
    await begun.passed;
    const over = leaving.leave({ withinMs: longMs });
    go.open();
    await over;
    expect(await result).toBe('done');
    expect((await told(executionId)).at(-1)).toBe('pipeline_complete');
  });

  it('breaks off a step that is not done in time: it is told, has not failed, and is begun again with what it saved', async () => {
    const { process, heir, told } = stage();
    const saved = gate();
    const reasons: unknown[] = [];
    const one = pipeline('one').step('a', async (_, { attempt, restored, checkpoint, signal }) => {
      if (attempt > 1) return `from ${JSON.stringify(restored)}`;
      signal.addEventListener('abort', () => reasons.push(signal.reason));
      await checkpoint({ at: 7 });
      saved.open();
      return await hang();
    });
    heir(one);
    const leaving = process();
    const { executionId, result } = leaving.start(one, undefined);
    await saved.passed;
    await leaving.leave({ withinMs: 1 });
    await expect(result).rejects.toMatchObject(left);
    expect(reasons).toMatchObject([left]);
    expect(await told(executionId)).toEqual([
      'pipeline_start',
      'step_start a #1',
      'checkpoint_saved a',
      'pipeline_handover',
      'pipeline_start',
      'step_retry a #2',
      'step_start a #2',
      'step_complete a #2',
      'pipeline_complete',
    ]);
    expect(await process().info(executionId)).toMatchObject({ output: 'from {"at":7}' });
  });

  it('does not wait for an answer, nor to try again: whoever goes on does', async () => {
    const { process, heir, told } = stage();
    const failed = gate();
    const ask = pipeline('ask').step('ask', async (_, { waitFor }) => await waitFor('yes'));
    const again = pipeline('again').step(
      'a',
      (_, { attempt }) => attempt > 1 || (failed.open(), Promise.reject(Error('no'))),
      {
        retry: { attempts: 2, delayMs: longMs },
      },
    );
    heir(ask, again);
    const leaving = process();
    const asking = leaving.start(ask, undefined);
    const trying = leaving.start(again, undefined);
    await Promise.all([told(asking.executionId, /step_waiting/), told(trying.executionId, /step_retry/)]);
    await leaving.leave({ withinMs: longMs });
    await told(asking.executionId, /step_waiting/);
    await vi.waitFor(async () => await process().answer(asking.executionId, 'yes', 'indeed'), patience);
    expect((await told(asking.executionId)).slice(2)).toEqual([
      'step_waiting ask',
      'pipeline_handover',
      'pipeline_start',
      'step_retry ask #2',
      'step_start ask #2',
      'step_waiting ask',
      'step_complete ask #2',
      'pipeline_complete',
    ]);
    expect((await told(trying.executionId)).slice(3)).toEqual([
      'step_retry a #2',
      'pipeline_handover',
      'pipeline_start',
      'step_retry a #3',
      'step_start a #3',
      'step_complete a #3',
      'pipeline_complete',
    ]);
  });

  it('asks nothing any more that a step at work comes to ask', async () => {
    const { process, told } = stage();
    const [begun, go] = [gate(), gate()];
    const ask = pipeline('ask').step(
      'ask',
      async (_, { waitFor }) => (begun.open(), await go.passed, await waitFor('yes')),
    );
    const leaving = process();
    const { executionId } = leaving.start(ask, undefined);
    await begun.passed;
    const over = leaving.leave({ withinMs: longMs });
    go.open();
    await over;
    expect(await told(executionId, /handover/)).toEqual([
      'pipeline_start',
      'step_start ask #1',
      'step_waiting ask',
      'pipeline_handover',
    ]);
  });

  it('lets the branches that are at work come to the end of their steps, and what one puts out for another', async () => {
    const { process, heir, told } = stage();
    const [begun, go] = [gate(), gate()];
    const ran: string[] = [];
    const wide = pipeline('wide').parallel('all', {
      quick: (start) =>
        start.step('x', () => (ran.push('x'), 'x')).step('ask', async (_, { waitFor }) => await waitFor('yes')),
      slow: (start) =>
        start
          .step('y', async () => (ran.push('y'), begun.open(), await go.passed, 'y'))
          .step('z', () => (ran.push('z'), 'z')),
      stream: (start) =>
        start
          .step('write', async function* () {
            yield 'a';
            await go.passed;
            yield 'b';
          })
          .step('read', read, { input: 'stream' }),
    });
    heir(wide);
    const leaving = process();
    const { executionId } = leaving.start(wide, undefined);
    await begun.passed;
    await told(executionId, /step_(?:waiting|output)/);
    const over = leaving.leave({ withinMs: longMs });
    go.open();
    await over;
    expect(ran).toContain('y');
    await vi.waitFor(async () => await process().answer(executionId, 'yes', 'indeed'), patience);
    await told(executionId);
    expect(ran.toSorted()).toEqual(['x', 'y', 'z']);
    expect(await process().info(executionId)).toMatchObject({
      output: { quick: 'indeed', slow: 'z', stream: 'ab' },
    });
  });

  it('finishes what is put out for a step that does not begin any more', async () => {
    const { process, heir, told } = stage();
    const [begun, go] = [gate(), gate()];
    const stream = pipeline('stream')
      .step('write', async () => {
        begun.open();
        await go.passed;
        return (async function* () {
          yield 'a';
          yield 'b';
        })();
      })
      .step('read', read, { input: 'stream' });
    heir(stream);
    const leaving = process();
    const { executionId } = leaving.start(stream, undefined);
    await begun.passed;
    const over = leaving.leave({ withinMs: longMs });
    go.open();
    await over;
    expect(await told(executionId)).toEqual([
      'pipeline_start',
      'step_start write #1',
      'step_output write #1',
      'step_complete write #1',
      'pipeline_handover',
      'pipeline_start',
      'step_start read #1',
      'step_complete read #1',
      'pipeline_complete',
    ]);
  });

  it('goes on undoing a run that fails meanwhile, and leaves the rest of that when its time is over', async () => {
    const { process, heir, told } = stage();
    const [begun, go, undoing] = [gate(), gate(), gate()];
    const undone: string[] = [];
    const saga = pipeline<boolean>('saga')
      .step('a', (isSlow) => isSlow, { compensate: () => void undone.push('a') })
      .step('b', (isSlow) => isSlow, {
        compensate: (isSlow) => {
          undone.push('b');
          undoing.open();
          return isSlow && undone.length === 1 ? hang() : undefined;
        },
      })
      .parallel('all', {
        fails: (start) =>
          start.step('fail', async () => (begun.open(), await go.passed, Promise.reject(new Error('storm')))),
        next: (start) => start.step('one', () => 1).step('two', async () => await go.passed),
      });
    heir(saga);
    const patient = process();
    const first = patient.start(saga, false);
    await begun.passed;
    const over = patient.leave({ withinMs: longMs });
    go.open();
    await over;
    await expect(first.result).rejects.toThrow('storm');
    expect(undone.splice(0)).toEqual(['b', 'a']);
    const hasty = process();
    const second = hasty.start(saga, true);
    await told(second.executionId, /step_error/);
    await expect.poll(() => undone).toEqual(['b']);
    await hasty.leave({ withinMs: 1 });
    const events = await told(second.executionId);
    // Whoever goes on does not try again what has failed: that would be another run.
    expect(events.slice(events.indexOf('pipeline_undoing'))).toEqual([
      'pipeline_undoing',
      'pipeline_handover',
      'pipeline_start',
      'step_compensated b',
      'step_compensated a',
      'pipeline_error',
    ]);
    expect(undone).toEqual(['b', 'b', 'a']);
    expect(await process().info(second.executionId)).toMatchObject({ status: 'failed', reason: 'storm' });
  });

  it('has a run that tells of no step come to its end, for another would begin anew', async () => {
    const { process, told } = stage();
    const [begun, go] = [gate(), gate()];
    const quiet = pipeline('quiet', { streaming: { enabled: false } })
      .step('a', async () => (begun.open(), await go.passed, 'a'))
      .step('b', (text) => `${text}b`);
    const leaving = process();
    const { executionId, result } = leaving.start(quiet, undefined);
    await begun.passed;
    const over = leaving.leave({ withinMs: longMs });
    go.open();
    await over;
    expect(await result).toBe('ab');
    expect(await told(executionId)).toEqual(['pipeline_start', 'pipeline_complete']);
  });

  it('begins nothing any more, and leaves to others what it was just about to begin', async () => {
    const { process, heir, told } = stage();
    const ran: string[] = [];
    const one = pipeline('one').step('a', () => (ran.push('a'), 'done'));
    heir(one);
    const leaving = process();
    const early = leaving.start(one, undefined);
    await leaving.leave();
    expect((await told(early.executionId)).slice(0, 3)).toEqual([
      'pipeline_start',
      'pipeline_handover',
      'pipeline_start',
    ]);
    expect(ran).toEqual(['a']);
    await expect(leaving.start(one, undefined).begun).rejects.toMatchObject(left);
    await expect(leaving.resume(one, early.executionId).result).rejects.toMatchObject(left);
  });

  it('says nothing to others where there can be none', async () => {
    for (const exclusive of [false, true]) {
      const { process, leasesSaid } = stage({ exclusive });
      const ask = pipeline('ask').step('ask', async (_, { waitFor }) => await waitFor('yes'));
      const leaving = process();
      const { begun } = leaving.start(ask, undefined);
      await begun;
      await leaving.leave();
      expect(await leasesSaid()).toEqual(exclusive ? ['held'] : ['held', 'left']);
    }
  });

  it('is not taken for one that died of its run, however often it leaves', async () => {
    const { process, heir, told, streams } = stage();
    const begun: number[] = [];
    const slow = pipeline('slow').step(
      'a',
      async (_, { attempt }) => (begun.push(attempt), attempt > 7 ? 'done' : await hang()),
    );
    const { executionId } = await (async () => {
      const leaving = process();
      const run = leaving.start(slow, undefined);
      await expect.poll(() => begun).toEqual([1]);
      await leaving.leave({ withinMs: 0 });
      return run;
    })();
    for (let life = 2; life <= 7; life++) {
      const next = process();
      await next.resume(slow, executionId).begun;
      await expect.poll(() => begun.at(-1)).toBe(life);
      await next.leave({ withinMs: 0 });
    }
    heir(slow);
    expect((await told(executionId)).at(-1)).toBe('pipeline_complete');
    expect((await streams.info(`runs/${executionId}`))?.status).toBe('completed');
  });

  it('fails with what the log says, where it cannot be told that it leaves', async () => {
    let gone = false;
    const log = createMemoryLog();
    const append: Log['append'] = (...args) => {
      if (gone) throw new StreamError('log-unavailable', 'it is gone');
      return log.append(...args);
    };
    const { process } = stage({ ...bound(log), append });
    const ask = pipeline('ask').step('ask', async (_, { waitFor }) => await waitFor('yes'));
    const leaving = process();
    const { begun, result } = leaving.start(ask, undefined);
    await begun;
    gone = true;
    await leaving.leave();
    await expect(result).rejects.toMatchObject({ code: 'log-unavailable' });
  });

  it('refuses a time that is none', async () => {
    await expect(stage().process().leave({ withinMs: -1 })).rejects.toThrow('withinMs');
  });
});
