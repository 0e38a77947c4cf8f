import { VirtualTimeScheduler } from 'rxjs';
import { StreamError } from 'sluice/chunk';
import type { RunEvent, RunSink } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { checkStreaming } from '../../src/run/pipeline.js';
import { Recorder, troubleOf } from '../../src/run/recorder.js';

function recorder(sink: RunSink | undefined, enabled = true, outline = false) {
  const broken: unknown[] = [];
  const scheduler = new VirtualTimeScheduler();
  const one = new Recorder('r1', checkStreaming({ enabled }), scheduler, sink, outline, (error) => broken.push(error));
  return { one, broken };
}

describe('recorder', () => {
  it('tells with the run, the step and the time', () => {
    const events: RunEvent[] = [];
    const { one } = recorder({ next: (event) => void events.push(event) });
    one.tell('step_start', 'a', { attempt: 1 });
    expect(events).toEqual([
      { event_type: 'step_start', execution_id: 'r1', step_id: 'a', timestamp: 0, data: { attempt: 1 } },
    ]);
  });

  it('is on only where somebody listens and streaming is on', () => {
    const sink = { next: () => {} };
    const states = [
      recorder(undefined, true, true),
      recorder(sink, false),
      recorder(sink, false, true),
      recorder(sink, true),
    ].map(({ one }) => [one.on, one.tellsRun]);
    expect(states).toEqual([
      [false, false],
      [false, false],
      [false, true],
      [true, true],
    ]);
  });

  it('hands on what the sink says of what it keeps', async () => {
    const kept = Promise.resolve();
    const sink = { next: () => {}, kept: () => kept, behind: () => kept, maxEventBytes: 7 };
    const { one } = recorder(sink);
    expect([one.kept(), one.behind(), one.maxEventBytes]).toEqual([kept, kept, 7]);
    const plain = recorder({ next: () => {} }).one;
    expect([plain.kept(), plain.behind(), plain.maxEventBytes]).toEqual([undefined, undefined, Infinity]);
    const off = recorder(sink, false).one;
    expect([off.kept(), off.behind()]).toEqual([undefined, undefined]);
  });

  it('says when the sink throws', () => {
    const { one, broken } = recorder({
      next: () => {
        throw new Error('full');
      },
    });
    one.tell('step_start', 'a', { attempt: 1 });
    expect(broken).toMatchObject([{ code: 'callback-failed', message: 'run: a callback threw: full' }]);
  });

  it.each<[unknown, unknown]>([
    [new Error('no'), { message: 'no' }],
    ['text', { message: 'text' }],
    [undefined, { message: 'undefined' }],
    [Object.create(null), { message: 'an object was thrown' }],
    [new StreamError('gap', 'lost'), { message: 'lost', code: 'gap' }],
    [new Error('\ud800x'.repeat(10_000)), { message: '\ufffdx'.repeat(8192) }],
  ])('tells of trouble in words that an event can hold', (thrown, told) => {
    expect(troubleOf(thrown)).toEqual(told);
  });
});
