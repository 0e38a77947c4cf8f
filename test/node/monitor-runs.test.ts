import { describe, expect, it, vi } from 'vitest';
import { createChunk, type JsonValue } from 'sluice/chunk';
import { createMemoryLog } from 'sluice/log/memory';
import { createStreams } from 'sluice/streams';
import { MonitorRuns } from '../../src/node/monitor-runs.js';

async function stage() {
  const streams = createStreams({ log: createMemoryLog() });
  const runs = new MonitorRuns(streams);
  const say = async (run: string, ...types: unknown[]) =>
    await streams.publish(
      `runs/${run}`,
      types.map((type) => createChunk({ streamId: 's', seq: 0, data: { event_type: type } as never })),
    );
  const looks = async () => await runs.look(await streams.list());
  const look = async () => Object.fromEntries([...(await looks())].map(([id, { state }]) => [id, state]));
  return { streams, say, look, looks };
}

describe('MonitorRuns', () => {
  it.each([
    ['pipeline_complete', 'completed'],
    ['pipeline_error', 'failed'],
    ['pipeline_cancelled', 'cancelled'],
    ['step_waiting', 'waiting'],
    ['step_output', 'running'],
    [7, 'running'],
    ['constructor', 'running'],
  ])('takes a run that said %s last for %s', async (type, state) => {
    const { say, look } = await stage();
    await say('r', 'pipeline_start', type);
    expect(await look()).toEqual({ 'runs/r': state });
  });

  it('looks at other streams not at all, and at runs only when they have changed', async () => {
    const { streams, say, look } = await stage();
    const read = vi.spyOn(streams, 'read');
    await say('r', 'pipeline_start');
    await streams.create('runs/empty');
    await streams.create('runs/r/inbox');
    expect(await look()).toEqual({ 'runs/empty': 'running', 'runs/r': 'running' });
    await look();
    expect(read).toHaveBeenCalledTimes(1);
    await say('r', 'step_waiting');
    expect(await look()).toMatchObject({ 'runs/r': 'waiting' });
    await streams.delete('runs/r');
    expect(await look()).toEqual({ 'runs/empty': 'running' });
  });

  it('knows why it stands so, as far as that is said', async () => {
    const { streams, looks } = await stage();
    const tell = async (event_type: string, data: JsonValue) =>
      await streams.publish('runs/r', [createChunk({ streamId: 's', seq: 0, data: { event_type, data } })]);
    const reason = async () => (await looks()).get('runs/r')!.reason;
    await tell('step_waiting', { name: 'approval' });
    expect(await reason()).toBe('approval');
    for (const odd of [null, 7, [], { message: {} }]) {
      await tell('pipeline_error', odd);
      expect(await reason()).toBeUndefined();
    }
    await streams.publish('runs/r', [createChunk({ streamId: 's', seq: 0, data: null })]);
    expect((await looks()).get('runs/r')).toEqual({ state: 'running' });
    await tell('pipeline_error', { message: 'x'.repeat(1000) });
    expect(await reason()).toHaveLength(300);
  });

  it('looks anew at a run that was removed and begun again', async () => {
    const { streams, say, look } = await stage();
    await say('r', 'pipeline_error');
    expect(await look()).toEqual({ 'runs/r': 'failed' });
    await streams.delete('runs/r');
    await say('r', 'step_waiting');
    expect(await look()).toEqual({ 'runs/r': 'waiting' });
  });

  it('takes a run whose stream ended in the midst for lost', async () => {
    const { streams, say, look } = await stage();
    await say('r', 'step_waiting');
    await streams.close('runs/r', 'failed');
    expect(await look()).toEqual({ 'runs/r': 'lost' });
  });

  it('looks at so many in one go, and at the others next time', async () => {
    const { say, look } = await stage();
    for (let i = 0; i < 201; i++) await say(`r${String(i).padStart(3, '0')}`, 'step_waiting');
    expect(await look()).toMatchObject({ 'runs/r199': 'waiting', 'runs/r200': 'running' });
    expect(await look()).toMatchObject({ 'runs/r200': 'waiting' });
  });

  it('bears a run that cannot be read', async () => {
    const { streams, say, look } = await stage();
    await say('r', 'pipeline_start');
    vi.spyOn(streams, 'read').mockImplementation(() => {
      throw new Error('gone');
    });
    expect(await look()).toEqual({ 'runs/r': 'running' });
  });
});
