import { VirtualTimeScheduler } from 'rxjs';
import { createChunk } from 'sluice/chunk';
import { createMemoryLog } from 'sluice/log/memory';
import { createStreams, type Streams } from 'sluice/streams';
import { describe, expect, it } from 'vitest';
import { whenEnded } from '../../src/run/when-ended.js';

const turn = async (): Promise<void> => await new Promise((resolve) => setTimeout(resolve));

async function stage(target: (streams: Streams) => Streams = (streams) => streams) {
  const streams = createStreams({ log: createMemoryLog() });
  await streams.create('a');
  const scheduler = new VirtualTimeScheduler();
  const ended: (string | undefined)[] = [];
  const stop = whenEnded(target(streams), 'a', scheduler, (reason) => ended.push(reason));
  const later = async (): Promise<void> => {
    scheduler.flush();
    await turn();
  };
  return { streams, scheduler, ended, stop, later };
}

const chunk = createChunk({ streamId: 'a', seq: 0, data: 'x' });

describe('when a stream has ended', () => {
  it('says so once, with why', async () => {
    const { streams, ended, later } = await stage();
    await streams.publish('a', [chunk]);
    await later();
    expect(ended).toEqual([]);
    await streams.cancel('a', 'enough');
    await streams.delete('a');
    await streams.create('a');
    await streams.cancel('a', 'once more');
    await later();
    await streams.delete('a');
    await later();
    expect(ended).toEqual(['once more']);
  });

  it('says so of one that is gone', async () => {
    const { streams, ended, later } = await stage();
    await streams.delete('a');
    await later();
    expect(ended).toEqual([undefined]);
  });

  it('looks once for many changes', async () => {
    let looks = 0;
    const { streams, later } = await stage((streams) =>
      Object.assign(Object.create(streams) as Streams, { info: (id: string) => (looks++, streams.info(id)) }),
    );
    for (let n = 0; n < 10; n++) await streams.publish('a', [chunk]);
    await later();
    expect(looks).toBe(1);
  });

  it('looks no more when nobody wants to know, and again when it could not', async () => {
    let isBroken = true;
    const { streams, ended, stop, later } = await stage((streams) =>
      Object.assign(Object.create(streams) as Streams, {
        info: async (id: string) => {
          if (isBroken) throw new Error('no way');
          return await streams.info(id);
        },
      }),
    );
    await streams.publish('a', [chunk]);
    await later();
    isBroken = false;
    await streams.publish('a', [chunk]);
    await later();
    expect(ended).toEqual([]);
    await streams.cancel('a');
    stop();
    await later();
    expect(ended).toEqual([]);
  });
});
