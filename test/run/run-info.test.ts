import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/run/event.js';
import { Journal } from '../../src/run/journal.js';
import { infoOf, resultOf } from '../../src/run/run-info.js';

const event = (type: RunEvent['event_type'], data: object, step: string | null = null): RunEvent =>
  ({ event_type: type, execution_id: 'r', step_id: step, timestamp: 9, data }) as unknown as RunEvent;

function info(events: RunEvent[], status = 'active', letters: never[] = []) {
  const journal = new Journal();
  for (const one of events) journal.add(one);
  return infoOf('r', { journal, stream: { status, source: 'p', createdAt: 3 } as never }, letters);
}

const begun = event('pipeline_start', { pipeline: 'p', attempt: 1 });
const asked = event('step_waiting', { name: 'ok' }, 'a');

describe('run info', () => {
  it.each<[string, RunEvent[], string, object]>([
    ['that has not begun', [], 'active', { status: 'running', pipeline: 'p', startedAt: 3, attempts: 0 }],
    ['at work', [begun], 'active', { status: 'running', startedAt: 9, attempts: 1 }],
    ['that waits', [begun, asked], 'active', { status: 'waiting', waiting: [{ step: 'a', name: 'ok' }] }],
    ['given up', [begun, asked], 'failed', { status: 'lost' }],
    [
      'that came to something',
      [begun, event('pipeline_complete', { output: 7 })],
      'completed',
      { status: 'completed', output: 7, endedAt: 9 },
    ],
    [
      'that came to bytes',
      [begun, event('pipeline_complete', { output: 'AQ==', encoding: 'base64' })],
      'completed',
      { output: Uint8Array.of(1) },
    ],
    [
      'that failed',
      [begun, event('pipeline_error', { message: 'no' })],
      'completed',
      { status: 'failed', reason: 'no' },
    ],
    [
      'that was cancelled',
      [begun, event('pipeline_cancelled', { reason: 'x' })],
      'completed',
      { status: 'cancelled', reason: 'x' },
    ],
  ])('tells of a run %s', (_, events, status, expected) => {
    expect(info(events, status)).toMatchObject(expected);
  });

  it('tells no more than is known', () => {
    expect(info([begun, event('pipeline_complete', {})])).not.toHaveProperty('output');
    expect(info([begun, event('pipeline_cancelled', {})])).not.toHaveProperty('reason');
    expect(
      infoOf('r', { journal: new Journal(), stream: { status: 'active', createdAt: 3 } as never }, []).pipeline,
    ).toBe('');
    const answer = { type: 'answer', step: 'a', name: 'ok', value: 1 };
    expect(info([begun, asked], 'active', [answer as never])).toMatchObject({ status: 'running', waiting: [] });
  });

  it('gives the end again', () => {
    expect(resultOf(event('pipeline_complete', { output: 1 }))).toEqual({ output: 1 });
    expect(() => resultOf(event('pipeline_cancelled', {}))).toThrow('the run was cancelled');
    expect(() => resultOf(event('pipeline_cancelled', { reason: 'why' }))).toThrow('why');
    expect(() => resultOf(event('pipeline_error', { message: 'no' }))).toThrow('no');
  });
});
