import { describe, expect, it } from 'vitest';
import { readRunQuery } from '../../src/node/run-query.js';
import type { RunEvent } from '../../src/run/index.js';
import { isAskedFor } from '../../src/run/is-asked-for.js';

describe('isAskedFor', () => {
  const event = (type: string, step: string | null) => ({ event_type: type, step_id: step }) as RunEvent;

  it.each([
    ['', event('step_start', 'a'), true],
    ['?types=step_error', event('step_start', 'a'), false],
    ['?steps=a', event('step_start', 'a'), true],
    ['?steps=a', event('step_start', 'a/1/b'), true],
    ['?steps=a', event('step_start', 'ab'), false],
    ['?steps=a', event('pipeline_complete', null), true],
    ['?steps=a&types=step_start', event('pipeline_complete', null), false],
  ])('by %j takes %j: %j', (text, told, expected) => {
    expect(isAskedFor(told, readRunQuery(new URL(text, 'http://localhost/'), undefined))).toBe(expected);
  });
});
