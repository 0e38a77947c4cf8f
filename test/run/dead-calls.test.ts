import { VirtualTimeScheduler } from 'rxjs';
import type { StreamError } from 'sluice/chunk';
import { createMemoryLog } from 'sluice/log/memory';
import type { Queue } from 'sluice/queue';
import { createMemoryQueue } from 'sluice/queue/memory';
import { createStreams, type Streams } from 'sluice/streams';
import { describe, expect, it } from 'vitest';
import { endDeadCall, watchDeadCalls } from '../../src/run/dead-calls.js';

const turns = async (): Promise<void> => {
  for (let n = 0; n < 3; n++) await new Promise((resolve) => setTimeout(resolve));
};

function stage(maxDead = 3) {
  const queue = createMemoryQueue({ maxDead });
  const streams = createStreams({ log: createMemoryLog() });
  const scheduler = new VirtualTimeScheduler();
  const troubles: StreamError[] = [];
  let looks = 0;
  const counted: Queue = Object.assign(Object.create(queue) as Queue, {
    dead: async (limit?: number) => (looks++, await queue.dead(limit)),
  });
  const watching = watchDeadCalls(counted, streams, {
    everyMs: 10,
    scheduler,
    onTrouble: (error) => troubles.push(error),
  });
  const look = async (): Promise<void> => {
    scheduler.maxFrames = scheduler.frame + 10;
    scheduler.flush();
    await turns();
  };
  const die = async (id: string, reason = 'no'): Promise<void> => {
    await streams.create(id);
    await queue.enqueue(1, { id });
    await (await queue.claim())!.fail(reason, { final: true });
  };
  return { queue, streams, scheduler, troubles, watching, look, die, looks: () => looks };
}

describe('dead calls', () => {
  it('have streams that end as failed, and say why', async () => {
    const { streams, look, die } = stage();
    await die('actors/a/1', 'the lease ran out');
    await die('other/work');
    await look();
    expect(await streams.info('actors/a/1')).toMatchObject({ status: 'failed', reason: 'the lease ran out' });
    expect(await streams.info('other/work')).toMatchObject({ status: 'active' });
    const said = [];
    try {
      for await (const { data } of streams.read('actors/a/1')) said.push(data);
    } catch (error) {
      said.push((error as StreamError).code);
    }
    expect(said).toEqual([{ type: 'error', message: 'the lease ran out', code: 'stream-failed' }, 'stream-failed']);
  });

  it('are not looked for again where there are as many as before, but now and then', async () => {
    const { streams, look, die, looks } = stage();
    for (const n of [1, 2, 3]) await die(`actors/a/${n}`);
    await look();
    expect(looks()).toBe(1);
    await die('actors/a/4');
    for (let n = 0; n < 12; n++) await look();
    expect(looks()).toBe(1);
    expect(await streams.info('actors/a/4')).toMatchObject({ status: 'active' });
    await look();
    expect(looks()).toBe(2);
    expect(await streams.info('actors/a/4')).toMatchObject({ status: 'failed' });
  });

  it('are fenced: who still works on one says nothing more', async () => {
    const { streams, scheduler } = stage();
    await streams.create('actors/a/1');
    await endDeadCall(streams, { id: 'actors/a/1', attempt: 2, reason: 'no' }, scheduler);
    await endDeadCall(streams, { id: 'actors/a/1', attempt: 3, reason: 'no' }, scheduler);
    await endDeadCall(streams, { id: 'actors/a/gone', attempt: 1, reason: 'no' }, scheduler);
    expect(await streams.info('actors/a/gone')).toBeUndefined();
    const producer = { id: 'actors/a/1', epoch: 9, seq: 0 };
    await streams.create('actors/a/2');
    await streams.append('actors/a/2', [], { producer: { ...producer, id: 'actors/a/2' } });
    const ended = endDeadCall(streams, { id: 'actors/a/2', attempt: 1, reason: 'no' }, scheduler);
    await expect(ended).rejects.toMatchObject({ code: 'producer-fenced' });
  });

  it('are looked for again when that failed, and not when nobody watches', async () => {
    const { queue, streams, troubles, watching, look, die } = stage();
    await die('actors/a/1');
    const append = streams.append;
    (streams as { append: Streams['append'] }).append = () => {
      throw new Error('no way');
    };
    await look();
    expect(troubles).toMatchObject([{ code: 'internal', message: 'no way' }]);
    (streams as { append: Streams['append'] }).append = append.bind(streams);
    await look();
    expect(await streams.info('actors/a/1')).toMatchObject({ status: 'failed' });
    watching.unsubscribe();
    await queue.dispose();
    await look();
    expect(troubles).toHaveLength(1);
  });
});
