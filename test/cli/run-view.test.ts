import { describe, expect, it } from 'vitest';
import type { RunEvent } from 'sluice/run';
import { RunView } from '../../src/cli/run-view.js';

type Told = [type: RunEvent['event_type'], step: string | null, data: object];

/** A view of what was told, and how it looks. */
function viewOf(...told: Told[]) {
  const view = new RunView();
  for (const [type, step, data] of told) {
    view.add({ event_type: type, execution_id: 'r1', step_id: step, timestamp: 0, data } as unknown as RunEvent);
  }
  return { view, at: (columns = 80, rows = 24, frame = 0) => view.lines(columns, rows, frame) };
}

const begun: Told = ['pipeline_start', null, { pipeline: 'p', attempt: 1 }];
const start = (step: string): Told => ['step_start', step, { attempt: 1 }];

describe('RunView', () => {
  it('shows steps at work, how far they are, and the end of what they say', () => {
    const { at, view } = viewOf(
      begun,
      start('a'),
      ['step_progress', 'a', { fraction: 0.5, message: 'half' }],
      ['step_output', 'a', { attempt: 1, values: ['one\n', 'two ', 'three'] }],
      start('b'),
      ['step_output', 'b', { attempt: 1, values: [{ n: 1 }] }],
      ['step_log', 'b', { message: 'hm' }],
    );
    expect(at()).toEqual([
      '⠋ p  r1',
      '  ⠋ a  ██████████░░░░░░░░░░ 50 %  half',
      '    │ two three',
      '  ⠋ b  hm',
      '    │ {"n":1}',
    ]);
    expect(at(80, 24, 1)[0]).toBe('⠙ p  r1');
    expect(view.end).toBeUndefined();
  });

  it('shows what became of steps, and of the run', () => {
    const { at, view } = viewOf(
      begun,
      start('a'),
      ['step_complete', 'a', { attempt: 1, duration_ms: 1234 }],
      start('b'),
      ['step_error', 'b', { attempt: 1, message: 'broke', duration_ms: 1 }],
      ['step_retry', 'b', { attempt: 2, delay_ms: 1, reason: 'broke' }],
      ['step_waiting', 'c', { name: 'yes' }],
      ['step_error', 'd', { attempt: 1, message: 'no', duration_ms: 1 }],
      ['step_compensated', 'a', { duration_ms: 1 }],
      ['checkpoint_saved', 'b', { state: 1 }],
      ['pipeline_error', null, { message: 'all broke', duration_ms: 2 }],
    );
    expect(at()).toEqual([
      '✗ p  r1  all broke',
      '  ↶ a  undone',
      '  ↶ b  attempt 2: broke',
      '  ? c  waits for "yes"',
      '  ✗ d  no',
    ]);
    expect(view.end?.event_type).toBe('pipeline_error');
  });

  it.each([
    ['pipeline_complete', { duration_ms: 1500 }, '✓ p  r1  1.5 s'],
    ['pipeline_cancelled', { duration_ms: 1, reason: 'enough' }, '✗ p  r1  cancelled: enough'],
    ['pipeline_cancelled', { duration_ms: 1 }, '✗ p  r1  cancelled'],
  ] as const)('says how it ended: %s %j', (type, data, head) => {
    expect(viewOf(begun, [type, null, data]).at()).toEqual([head]);
  });

  it('forgets what an attempt said that does not count any more', () => {
    const again: Told = ['step_start', 'a', { attempt: 2 }];
    const said: Told = ['step_output', 'a', { attempt: 1, values: ['half of'] }];
    expect(viewOf(begun, start('a'), said, again).at()).toEqual(['⠋ p  r1', '  ⠋ a  attempt 2']);
  });

  it('fits the terminal', () => {
    const many = Array.from({ length: 30 }, (_, n) => start(`s${n}`));
    const { at } = viewOf(begun, ...many);
    expect(at(80, 5)).toEqual(['⠋ p  r1', '  … 27 more', '  ⠋ s27', '  ⠋ s28', '  ⠋ s29']);
    const long = viewOf(begun, start('a'), ['step_output', 'a', { values: [`${'x'.repeat(100)}end`] }]);
    const lines = long.at(20, 24);
    expect(lines[2]).toBe('    │ …xxxxxxxxxxend');
    expect(lines.every((line) => line.length <= 20)).toBe(true);
    const named = viewOf(begun, ['step_error', 'a', { message: 'y'.repeat(100) }]);
    expect(named.at(20, 24)[1]).toBe(`  ✗ a  ${'y'.repeat(12)}…`);
  });

  it('remembers a bounded number of steps', () => {
    const { at } = viewOf(begun, ...Array.from({ length: 1200 }, (_, n) => start(`s${n}`)));
    expect(at(80, 5000)).toHaveLength(1001);
  });

  it('lets nobody steer the terminal', () => {
    const { at } = viewOf(
      begun,
      ['step_log', 'a', { message: 'x\u001b[2Jy\u009b' }],
      ['pipeline_start', null, { pipeline: '\u0007p', attempt: 1 }],
    );
    expect(at()).toEqual(['⠋  p  r1', '  ⠋ a  x [2Jy ']);
  });
});
