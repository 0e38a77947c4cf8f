import { firstValueFrom, take, toArray, VirtualTimeScheduler } from 'rxjs';
import { createMemoryLog } from 'sluice/log/memory';
import type { Log } from 'sluice/log';
import { createHeir, createRuns, pipeline, type Run, type RunEvent } from 'sluice/run';
import { createReaper, createStreams, type Streams } from 'sluice/streams';
import { StreamError } from 'sluice/chunk';
import { describe, expect, it } from 'vitest';
import { fastTime } from './stage.js';

const leaseMs = 900;

/** One log, and processes that share it, each with a clock of its own: one whose clock stands still is dead to the others. */
function stage() {
  const log = createMemoryLog();
  let isHanging = true;
  const begun: string[] = [];
  /** Finishes its first step, and hangs in the second until `go` is called. */
  const two = pipeline<string>('two')
    .step('first', (text) => (begun.push('first'), `${text}!`))
    .step('second', async (text, { attempt }) => {
      begun.push(`second #${attempt}`);
      if (isHanging) await new Promise(() => {});
      return text.toUpperCase();
    });
  const streamsOf = (exclusive: boolean): Streams => createStreams({ log: { ...bound(log), exclusive } });
  const shared = streamsOf(false);
  const living = (options: { pipelines?: readonly (typeof two)[]; streams?: Streams; maxDeaths?: number } = {}) => {
    const { pipelines = [two], streams = shared, maxDeaths = 5 } = options;
    const scheduler = new VirtualTimeScheduler();
    const taken: Run<unknown>[] = [];
    const runs = createRuns({ streams, leaseMs, scheduler });
    const heir = createHeir({ streams, runs, pipelines, maxDeaths, scheduler, taken: (run) => void taken.push(run) });
    const reaper = createReaper(streams, { scheduler, graceMs: 0, lapsed: heir.lapsed });
    /** Knows of the run. */
    const heard = async () => await expect.poll(() => reaper.held).toBeGreaterThan(0);
    const elapse = (ms: number): void => {
      scheduler.maxFrames = scheduler.now() + ms;
      scheduler.flush();
    };
    const pass = async (ms: number) => {
      await heard();
      elapse(ms);
    };
    return { runs, heir, reaper, taken, heard, elapse, pass };
  };
  /** A process that begins a run, and is silent from then on. */
  const dying = async (executionId: string) => {
    const { runs, reaper } = living();
    await runs.start(two, 'hi', { executionId }).begun;
    await expect.poll(() => begun).toContain('second #1');
    reaper.dispose();
  };
  const told = async (executionId: string) => {
    const types: string[] = [];
    await new Promise<void>((resolve) => {
      const next = ({ event_type: type }: RunEvent) => void types.push(type);
      createRuns({ streams: shared })
        .events(executionId)
        .subscribe({ next, complete: resolve, error: () => resolve() });
    });
    return types;
  };
  return { streams: shared, streamsOf, two, dying, living, told, begun, go: () => (isHanging = false) };
}

/** A log with its methods as properties. */
function bound(log: Log): Log {
  const names = ['create', 'append', 'read', 'watch', 'info', 'trim', 'delete', 'list', 'dispose'] as const;
  return Object.fromEntries(names.map((name) => [name, (log[name] as () => unknown).bind(log)])) as unknown as Log;
}

const takenUp = ['pipeline_start', 'step_retry', 'step_start', 'step_complete', 'pipeline_complete'];

describe('createHeir', () => {
  it('goes on with a run whose process is silent, from its last finished step, and tells readers', async () => {
    const { dying, living, told, begun, go } = stage();
    await dying('one');
    go();
    const heir = living();
    const reading = told('one');
    await heir.pass(leaseMs);
    const before = ['pipeline_start', 'step_start', 'step_complete', 'step_start'];
    expect(await reading).toEqual([...before, ...takenUp]);
    expect(begun).toEqual(['first', 'second #1', 'second #2']);
    expect(await heir.taken[0]!.result).toBe('HI!');
    heir.reaper.dispose();
  });

  it('of many that would, exactly one does', async () => {
    const { dying, living, told, begun, go } = stage();
    await dying('one');
    go();
    const all = Array.from({ length: 5 }, () => living());
    const reading = told('one');
    await Promise.all(all.map(async ({ heard }) => await heard()));
    for (const { elapse } of all) elapse(leaseMs);
    expect((await reading).slice(4)).toEqual(takenUp);
    expect(begun).toEqual(['first', 'second #1', 'second #2']);
    await expect.poll(() => all.flatMap((one) => one.taken)).toHaveLength(1);
    for (const { reaper } of all) reaper.dispose();
  });

  it('leaves a run alone that one who comes first has taken up, also when it comes late', async () => {
    const { dying, living, begun, streams, two } = stage();
    await dying('one');
    const [first, late] = [living(), living()];
    await expect.poll(() => late.reaper.held).toBe(1);
    await first.pass(leaseMs);
    await expect.poll(() => begun).toContain('second #2');
    const [lease] = await firstValueFrom(streams.receive('sluice/leases').pipe(take(1), toArray()));
    const { epoch } = lease!.data as { epoch: number };
    await expect(late.runs.resume(two, 'one', { heirOf: epoch }).result).rejects.toMatchObject({
      code: 'producer-fenced',
      message: 'another has taken up run "one"',
    });
    // Nor does one who is fenced go above whoever has it.
    await expect(late.runs.resume(two, 'one', { heirOf: epoch - 1 }).result).rejects.toMatchObject({
      code: 'producer-fenced',
    });
    expect(begun).toEqual(['first', 'second #1', 'second #2']);
    for (const { reaper } of [first, late]) reaper.dispose();
  });

  it('takes over from an heir that has died as well', async () => {
    const { dying, living, told, begun, go } = stage();
    await dying('one');
    const first = living();
    await first.pass(leaseMs);
    await expect.poll(() => begun).toContain('second #2');
    first.reaper.dispose();
    go();
    const second = living();
    const reading = told('one');
    await second.pass(leaseMs);
    expect((await reading).slice(-5)).toEqual(takenUp);
    expect(begun).toEqual(['first', 'second #1', 'second #2', 'second #3']);
    second.reaper.dispose();
  });

  it('leaves a run to the reaper that processes have died of', async () => {
    const { dying, living, told, begun, streams } = stage();
    await dying('one');
    const first = living();
    await first.pass(leaseMs);
    await expect.poll(() => begun).toContain('second #2');
    first.reaper.dispose();
    const second = living({ maxDeaths: 1 });
    const reading = told('one');
    await second.pass(2 * leaseMs);
    await reading;
    expect(second.taken).toEqual([]);
    expect(await streams.info('runs/one')).toMatchObject({ status: 'failed', reason: 'producer-lost' });
    second.reaper.dispose();
  });

  it('leaves the runs of other pipelines, and other streams, to others', async () => {
    const { dying, living, begun, streams } = stage();
    await dying('one');
    const stranger = living({ pipelines: [pipeline<string>('other').step('x', () => 'never')] as never });
    await stranger.pass(leaseMs);
    stranger.heir.lapsed({ streamId: 'elsewhere', producer: 'run', epoch: 0 });
    stranger.heir.lapsed({ streamId: 'runs/none', producer: 'run', epoch: 0 });
    await stranger.pass(leaseMs);
    await expect.poll(async () => (await streams.info('runs/one'))?.status).toBe('failed');
    expect([begun, stranger.taken]).toEqual([['first', 'second #1'], []]);
    stranger.reaper.dispose();
  });

  it('takes up at once all that is unfinished in a log that no other process has', async () => {
    const { dying, living, streamsOf, told, begun, go } = stage();
    await dying('one');
    go();
    const sharing = living();
    await sharing.heir.takeAll();
    expect(begun).toHaveLength(2);
    sharing.reaper.dispose();
    const alone = living({ streams: streamsOf(true) });
    await alone.heir.takeAll();
    expect((await told('one')).slice(4)).toEqual(takenUp);
    expect(begun).toEqual(['first', 'second #1', 'second #2']);
    // What has ended has ended.
    await alone.heir.takeAll();
    expect(alone.taken).toHaveLength(1);
    alone.reaper.dispose();
  });

  it('asks again while the log cannot be reached, and lets it be when that lasts', async () => {
    const { dying, living, streamsOf, streams, two, begun, told, go } = stage();
    await dying('one');
    go();
    const { runs, reaper } = living();
    let failures = 0;
    const gone = () => new StreamError('log-unavailable', 'it has gone');
    const doubtful = (times: number) => ({
      resume: (...args: Parameters<typeof runs.resume>) => {
        if (failures++ >= times) return runs.resume(...args);
        return { executionId: 'one', begun: Promise.reject(gone()), result: new Promise<never>(() => {}) };
      },
    });
    const heirOf = (times: number, at: Streams) =>
      createHeir({
        streams: at,
        runs: doubtful(times) as typeof runs,
        pipelines: [two],
        scheduler: fastTime(),
        random: () => 0,
      });
    await heirOf(Infinity, streamsOf(true)).takeAll();
    await expect.poll(() => failures).toBe(6);
    expect(begun).toHaveLength(2);
    failures = 0;
    const [lease] = await firstValueFrom(streams.receive('sluice/leases').pipe(take(1), toArray()));
    const { epoch } = lease!.data as { epoch: number };
    heirOf(1, streams).lapsed({ streamId: 'runs/one', producer: 'run', epoch });
    expect((await told('one')).slice(4)).toEqual(takenUp);
    expect(failures).toBe(2);
    reaper.dispose();
  });

  it('takes up nothing any more when it is disposed of', async () => {
    const { dying, living, streamsOf, begun } = stage();
    await dying('one');
    const alone = living({ streams: streamsOf(true) });
    alone.heir.dispose();
    await alone.heir.takeAll();
    await alone.pass(leaseMs);
    expect(begun).toHaveLength(2);
    alone.reaper.dispose();
  });

  it('refuses a wrong maxDeaths', () => {
    expect(() => stage().living({ maxDeaths: 0 })).toThrow('maxDeaths must be a whole number of at least 1');
  });
});
