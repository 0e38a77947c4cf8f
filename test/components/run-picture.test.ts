import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunPicture, seenEvent } from '../../src/components/run-picture.js';

/** A picture of events, each a second after the one before it. */
function picture(...events: [type: string, step: string | null, data?: object][]): RunPicture {
  const run = new RunPicture();
  events.forEach(([event_type, step_id, data = {}], i) => {
    run.add(seenEvent({ event_type, execution_id: 'r', step_id, timestamp: 1000 * i, data })!);
  });
  return run;
}

const begun = ['pipeline_start', null, { pipeline: 'report', attempt: 1 }] as [string, null, object];

describe('RunPicture', () => {
  it('follows a step from its beginning to its end', () => {
    const run = picture(
      begun,
      ['step_start', 'write', { attempt: 1 }],
      ['step_progress', 'write', { fraction: 0.5, message: 'half' }],
      ['step_output', 'write', { attempt: 1, values: ['Call me ', { n: 1 }] }],
    );
    const step = run.steps.get('write')!;
    expect(step).toMatchObject({ state: 'working', fraction: 0.5, note: 'half', startedAt: 1000 });
    expect(step.text).toBe('Call me {"n":1}\n');
    run.add(seenEvent({ event_type: 'step_complete', step_id: 'write', timestamp: 5000, data: { duration_ms: 42 } })!);
    expect(step).toMatchObject({ state: 'done', durationMs: 42 });
    expect([run.pipeline, run.status, run.startedAt]).toEqual(['report', 'running', 0]);
  });

  it('shows errors and retries, and forgets what an attempt that failed had put out', () => {
    const run = picture(
      begun,
      ['step_start', 'a', { attempt: 1 }],
      ['step_output', 'a', { values: ['wrong'] }],
      ['step_error', 'a', { message: 'no', duration_ms: 3 }],
      ['step_retry', 'a', { attempt: 2, reason: 'no' }],
    );
    expect(run.steps.get('a')).toMatchObject({
      state: 'working',
      attempt: 2,
      error: undefined,
      failures: [{ attempt: 1, message: 'no', durationMs: 3 }],
      note: '',
      text: '',
    });
    const other = picture(
      ['step_error', 'a', { message: 'no' }],
      ['step_retry', 'a', { attempt: 2, reason: 'its process died' }],
    );
    expect(other.steps.get('a')!.note).toBe('its process died');
    const done = picture(['step_error', 'a', { message: 'no' }], ['step_complete', 'a']).steps.get('a');
    expect(done).toMatchObject({ state: 'done', error: undefined });
  });

  it('waits for an answer until the step goes on, or the run ends', () => {
    const asked: [string, string, object] = ['step_waiting', 'ask', { name: 'approval', details: { to: 'Ahab' } }];
    const run = picture(begun, asked);
    expect([run.status, run.steps.get('ask')!.question]).toEqual([
      'waiting',
      { name: 'approval', since: 1000, details: '{\n  "to": "Ahab"\n}' },
    ]);
    expect(picture(begun, asked, ['step_complete', 'ask']).status).toBe('running');
    const over = picture(begun, asked, ['pipeline_cancelled', null, { reason: 'enough' }]);
    expect([over.status, over.reason, over.steps.get('ask')]).toEqual([
      'cancelled',
      'enough',
      expect.objectContaining({ state: 'undone', question: undefined }),
    ]);
  });

  it.each([
    ['pipeline_complete', 'completed', ''],
    ['pipeline_error', 'failed', 'sunk'],
  ])('ends with %s as %s', (type, status, reason) => {
    const run = picture(begun, [type, null, { message: 'sunk' }]);
    expect([run.status, run.reason, run.endedAt]).toEqual([status, reason, 1000]);
  });

  it('shows what was undone, and what a step has to say', () => {
    const run = picture(
      ['step_complete', 'a', { duration_ms: 4 }],
      ['step_compensated', 'a'],
      ['step_log', 'b', { message: 'hm' }],
    );
    expect(run.steps.get('a')).toMatchObject({ state: 'undone', durationMs: 4 });
    expect(run.steps.get('b')!.note).toBe('hm');
  });

  it('is undone when it was, or at that moment where nobody said that it was done', () => {
    const undone = (...before: [string, string][]) =>
      picture(...before, ['step_compensated', 'a']).steps.get('a')!.endedAt;
    expect([undone(['step_complete', 'a'], ['step_log', 'b']), undone(['step_start', 'a'])]).toEqual([0, 1000]);
  });

  it('counts bytes where a step puts out bytes', () => {
    expect(picture(['step_output', 'a', { values: ['QUJD'], encoding: 'base64' }]).steps.get('a')!.text).toBe(
      '[3 bytes]\n',
    );
  });

  it('remembers only so many steps and so much of what they say', () => {
    const run = picture(...Array.from({ length: 1005 }, (_, i): [string, string] => ['step_start', `s${i}`]));
    expect([run.steps.size, run.steps.has('s4'), run.steps.has('s5')]).toEqual([1000, false, true]);
    const loud = picture(['step_output', 'a', { values: ['x'.repeat(50_000)] }]);
    expect(loud.steps.get('a')!.text).toHaveLength(20_000);
    const long = 'x'.repeat(50_000);
    const { steps } = picture(
      ['step_start', long],
      ['step_log', long, { message: long }],
      ['step_waiting', long, { name: long, details: long }],
    );
    const [step] = steps.values();
    expect([step!.id.length, step!.note.length, step!.question!.name.length]).toEqual([2000, 2000, 2000]);
    expect(step!.question!.details).toHaveLength(20_000);
    const tries = Array.from({ length: 9 }, (_, i): [string, string, object][] => [
      ['step_start', 'a', { attempt: i + 1 }],
      ['step_error', 'a', { message: 'no' }],
    ]);
    const { failures, error } = picture(...tries.flat()).steps.get('a')!;
    expect([failures.map(({ attempt }) => attempt), error]).toEqual([[4, 5, 6, 7, 8], 'no']);
  });

  it('bears whatever the events hold', () => {
    const types = fc.constantFrom(
      'pipeline_start',
      'step_start',
      'step_progress',
      'step_output',
      'step_error',
      'step_retry',
      'step_waiting',
      'step_log',
      'pipeline_error',
      'odd',
    );
    const event = fc.record({
      event_type: types,
      step_id: fc.option(fc.string()),
      timestamp: fc.anything(),
      data: fc.anything(),
    });
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const run = new RunPicture();
        for (const one of events) run.add(seenEvent(one)!);
        for (const { fraction, text, note } of run.steps.values()) {
          expect(fraction === undefined || (fraction >= 0 && fraction <= 1)).toBe(true);
          expect([typeof text, typeof note]).toEqual(['string', 'string']);
        }
      }),
    );
  });
});

describe('seenEvent', () => {
  it.each([undefined, null, 'x', [], {}, { event_type: 5 }])('is none of %j', (data) => {
    expect(seenEvent(data)).toBeUndefined();
  });

  it('takes what is there', () => {
    expect(seenEvent({ event_type: 'x', step_id: null, timestamp: 'now', data: null })).toEqual({
      type: 'x',
      step: undefined,
      at: 0,
      data: {},
    });
  });

  it.each([NaN, -1, 1e300, '5'])('takes the time %s for none', (timestamp) => {
    expect(seenEvent({ event_type: 'x', timestamp })!.at).toBe(0);
  });
});
