import { VirtualTimeScheduler } from 'rxjs';
import type { RunEvent } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { Outputs } from '../../src/run/outputs.js';
import { checkStreaming } from '../../src/run/pipeline.js';
import { Recorder } from '../../src/run/recorder.js';

function outputs(streaming: object = {}, maxEventBytes = Infinity) {
  const told: unknown[] = [];
  const scheduler = new VirtualTimeScheduler();
  const next = ({ data }: RunEvent): void => void told.push(data);
  const recorder = new Recorder('r', checkStreaming(streaming), scheduler, { next, maxEventBytes }, false, () => {});
  return { one: new Outputs(recorder, 'a', 2), told, scheduler };
}

describe('outputs', () => {
  it('are told when enough have come, or it is time', () => {
    const { one, told, scheduler } = outputs({ bufferSize: 2, flushIntervalMs: 20 });
    one.add('a', 1);
    one.add('b', 1);
    one.add('c', 1);
    expect(told).toEqual([{ attempt: 2, values: ['a', 'b'] }]);
    scheduler.flush();
    expect([told[1], scheduler.now()]).toEqual([{ attempt: 2, values: ['c'] }, 20]);
    one.flush();
    expect(told).toHaveLength(2);
  });

  it('of many bytes go in several events', () => {
    const { one, told } = outputs();
    for (const text of ['a', 'b', 'c']) one.add(text, 20_000);
    one.flush();
    expect(told).toHaveLength(3);
  });

  it('that are bytes go by themselves', () => {
    const { one, told } = outputs();
    one.add('a', 1);
    one.add(Uint8Array.of(1), 1);
    one.add(Uint8Array.of(2), 1);
    one.add({ b: 1 }, 10);
    one.flush();
    expect(told).toEqual([
      { attempt: 2, values: ['a'] },
      { attempt: 2, values: ['AQ==', 'Ag=='], encoding: 'base64' },
      { attempt: 2, values: [{ b: 1 }] },
    ]);
    expect(one.complete).toBe(true);
  });

  it.each<[string, unknown, number]>([
    ['are no JSON', new Map(), 2],
    ['are too large', 'x', 101],
  ])('that %s are not told, and that is known', (_, piece, weight) => {
    const { one, told } = outputs({}, 100);
    one.add(piece, weight);
    one.flush();
    expect([told, one.complete]).toEqual([[], false]);
  });
});
