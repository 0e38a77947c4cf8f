import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/run/event.js';
import { Journal } from '../../src/run/journal.js';

type Line = readonly [type: RunEvent['event_type'], step: string | null, data: object];

function journalOf(...lines: readonly Line[]): Journal {
  const journal = new Journal();
  for (const [type, step, data] of lines) {
    journal.add({ event_type: type, execution_id: 'r', step_id: step, timestamp: 5, data } as unknown as RunEvent);
  }
  return journal;
}

const start = (attempt: number): Line => ['pipeline_start', null, { pipeline: 'p', input: 1, attempt }];
const begin = (attempt = 1): Line => ['step_start', 'a', { attempt }];
const put = (...values: unknown[]): Line => ['step_output', 'a', { attempt: 1, values }];
const done = (data: object): Line => ['step_complete', 'a', { attempt: 1, duration_ms: 1, ...data }];

describe('journal', () => {
  it('knows what was run, how often it was taken up, and how it ended', () => {
    const end: Line = ['pipeline_error', null, { message: 'no', duration_ms: 1 }];
    const journal = journalOf(start(1), start(2), end);
    expect(journal).toMatchObject({ pipeline: 'p', input: 1, lives: 2, startedAt: 5, end: { event_type: end[0] } });
  });

  it.each<[string, Line[], unknown]>([
    ['a value', [begin(), done({ output: 7 })], { value: 7 }],
    ['nothing', [begin(), done({})], { value: undefined }],
    ['bytes', [begin(), done({ output: 'AQ==', encoding: 'base64' })], { value: Uint8Array.of(1) }],
    ['pieces', [begin(), put('a', 'b'), done({ output: 'ab', pieces: 2 })], { value: 'ab', pieces: ['a', 'b'] }],
    ['no pieces', [begin(), done({ output: '', pieces: 0 })], { value: '', pieces: [] }],
    [
      'pieces that make up what was lost',
      [begin(), put('a', 'b'), done({ lost: true, pieces: 2 })],
      { value: 'ab', pieces: ['a', 'b'] },
    ],
    [
      'pieces of bytes',
      [
        begin(),
        ['step_output', 'a', { attempt: 1, values: ['AQ=='], encoding: 'base64' }],
        done({ lost: true, pieces: 1 }),
      ],
      { value: Uint8Array.of(1), pieces: [Uint8Array.of(1)] },
    ],
    [
      'of the last attempt only',
      [begin(), put('x'), begin(2), put('y'), done({ output: 'y', pieces: 1 })],
      { value: 'y', pieces: ['y'] },
    ],
    [
      'a value whose pieces were not all told',
      [begin(), put('a'), done({ output: ['a', 'b'] })],
      { value: ['a', 'b'] },
    ],
  ])('gives back what a finished step came to: %s', (_, lines, expected) => {
    expect(journalOf(...lines).finished('a')).toMatchObject(expected as object);
  });

  it('makes up what was lost as the step says', () => {
    const journal = journalOf(begin(), put(1, 2), done({ lost: true, pieces: 2 }));
    expect(journal.finished('a', (pieces) => new Set(pieces))).toMatchObject({ value: new Set([1, 2]) });
  });

  it('has nothing of a step that has not finished, or whose output is not there any more', () => {
    expect(journalOf(begin(), put('a')).finished('a')).toBeUndefined();
    expect(journalOf(begin(), put('a'), done({ lost: true })).finished('a')).toBeUndefined();
    expect(journalOf().finished('a')).toBeUndefined();
  });

  it('counts attempts, also those that were only announced, and keeps the state saved last', () => {
    const journal = journalOf(
      begin(),
      ['checkpoint_saved', 'a', { state: 1 }],
      ['checkpoint_saved', 'a', { state: 2 }],
      ['step_retry', 'a', { attempt: 3, delay_ms: 0, reason: 'x' }],
    );
    expect([journal.attempts('a'), journal.state('a'), journal.attempts('b'), journal.state('b')]).toEqual([
      3,
      2,
      0,
      undefined,
    ]);
  });

  it('knows what is waited for until the step has finished: one question under a name', () => {
    const ask = (by: string): Line => ['step_waiting', 'a', { name: 'ok', by: [by] }];
    const asking = [begin(), ask('ann'), start(2), begin(2), ask('bob')];
    expect(journalOf(...asking).waiting).toEqual([{ step: 'a', name: 'ok', by: ['bob'] }]);
    expect(journalOf(...asking, done({})).waiting).toEqual([]);
    expect(journalOf(...asking, ['pipeline_cancelled', null, { duration_ms: 1 }]).waiting).toEqual([]);
  });

  it('knows that a run is being undone, of what, and why', () => {
    const journal = journalOf(
      ['step_error', 'b', { attempt: 1, message: 'storm', duration_ms: 1 }],
      ['step_compensated', 'a', { duration_ms: 1 }],
      ['step_error', 'c', { attempt: 1, message: 'it could not be undone', duration_ms: 1 }],
      ['step_log', 'a', { message: 'x' }],
      ['step_progress', null, { fraction: 1 }],
    );
    expect(journal).toMatchObject({ undoing: true, trouble: { message: 'storm' } });
    expect([journal.isCompensated('a'), journal.isCompensated('b')]).toEqual([true, false]);
  });
});
