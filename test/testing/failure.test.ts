import { describe, expect, it } from 'vitest';
import { Place } from '../../src/testing/failure.js';

describe('Place', () => {
  it('makes failures that point at the caller, not at where they were noticed', () => {
    const failed = theLineOfTheTest().failure('it differs\nin two lines');
    expect(failed.name).toBe('AssertionError');
    expect(failed.message).toBe('it differs\nin two lines');
    expect(failed.stack).toMatch(/^AssertionError: it differs\nin two lines\n +at .*failure\.test\.ts/);
    expect(failed.stack).not.toContain('theLineOfTheTest');
  });
});

function theLineOfTheTest(): Place {
  return new Place(theLineOfTheTest);
}
