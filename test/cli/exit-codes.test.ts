import { describe, expect, it } from 'vitest';
import { exitCodeOf, exitCodes, exitCodesText } from '../../src/cli/exit-codes.js';

const end = (type: string) => ({ event_type: type }) as never;

describe('exitCodeOf', () => {
  it.each([
    ['pipeline_complete', false, 0],
    // It was finished before it heard that it should not.
    ['pipeline_complete', true, 0],
    ['pipeline_error', false, 1],
    ['pipeline_cancelled', false, 3],
    ['pipeline_cancelled', true, 130],
  ])('of %s, interrupted: %s, is %i', (type, interrupted, code) => {
    expect(exitCodeOf(end(type), interrupted)).toBe(code);
  });

  it('of a run without an end is a failure', () => {
    expect(exitCodeOf(undefined, false)).toBe(1);
  });

  it('is told in the help', () => {
    for (const code of Object.values(exitCodes)) expect(exitCodesText).toMatch(new RegExp(`\\b${code}\\b`));
  });
});
