import { StreamError } from 'sluice/chunk';
import { createRunEvents, finalEvents, runEvents } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

const event = (type: string, data: object, rest: object = {}) => ({
  event_type: type,
  execution_id: 'r1',
  step_id: 'a',
  timestamp: 1,
  data,
  ...rest,
});

describe('run events', () => {
  it('are taken as they are', () => {
    const all = [
      event('pipeline_start', { pipeline: 'p', input: null, attempt: 1 }, { step_id: null }),
      event('step_output', { attempt: 1, values: ['a', { b: 1 }] }),
      event('step_complete', { attempt: 2, output: 'x', pieces: 0, duration_ms: 0.5 }),
      event('step_waiting', { name: 'ok', by: ['ann'] }),
    ];
    for (const one of all) expect(runEvents.parse(one)).toEqual(one);
  });

  it.each<[string, unknown, string]>([
    ['no object', 'text', 'run event: Invalid input: expected object, got a string'],
    ['no such kind', event('step_dance', {}), 'run event field "event_type": must be one of pipeline_start, '],
    ['a field of the wrong kind', event('step_start', { attempt: 'one' }), 'run event field "data.attempt": '],
    ['a field too many', event('step_start', { attempt: 1, more: 1 }), 'Unrecognized key'],
    [
      'no step where there may be one',
      event('step_start', { attempt: 1 }, { step_id: 3 }),
      'run event field "step_id"',
    ],
    ['a value that is no JSON', event('step_output', { attempt: 1, values: [NaN] }), 'must be JSON but holds NaN'],
    [
      'a type among its data',
      event('step_start', { attempt: 1, type: 'x' }),
      'run event field "data": Unrecognized key',
    ],
  ])('refuse %s', (_, value, message) => {
    expect(() => runEvents.parse(value)).toThrow(StreamError);
    expect(() => runEvents.parse(value)).toThrow(message);
  });

  it('grow by kinds of one’s own', () => {
    const more = runEvents.with({ page_crawled: z.strictObject({ url: z.url() }) });
    const crawled = event('page_crawled', { url: 'https://example.org/' });
    expect(more.parse(crawled)).toEqual(crawled);
    expect(() => more.parse(event('page_crawled', { url: 'no' }))).toThrow('run event field "data.url"');
    expect(() => runEvents.parse(crawled)).toThrow('must be one of');
    expect(() => createRunEvents({ a: z.strictObject({}) }).with({ a: z.strictObject({}) })).toThrow('known already');
    expect(Object.keys(more.kinds)).toContain('page_crawled');
  });

  it('let others pass where they are accepted', () => {
    const crawled = event('page_crawled', { url: 7, type: 'x' });
    expect(runEvents.accept(crawled)).toEqual(crawled);
    expect(() => runEvents.accept(event('step_start', {}))).toThrow('run event field "data.attempt"');
  });

  it('end with one of three', () => {
    expect([...finalEvents]).toEqual(['pipeline_complete', 'pipeline_error', 'pipeline_cancelled']);
  });
});
