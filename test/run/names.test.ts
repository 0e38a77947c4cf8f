import { describe, expect, it } from 'vitest';
import { checkExecutionId, eventsOf, inboxOf, ownedBy, runOf, stepStreamOf } from '../../src/run/names.js';

describe('names', () => {
  it('of all streams of a run begin with that of its events', () => {
    expect([eventsOf('r1'), inboxOf('r1'), ownedBy('r1'), stepStreamOf('r1', 'pages/3/write', 2)]).toEqual([
      'runs/r1',
      'runs/r1/inbox',
      'runs/r1/',
      'runs/r1/steps/pages/3/write/2',
    ]);
  });

  it('tell which run it is, of the stream of its events alone', () => {
    expect(['runs/r1', 'runs/r1/inbox', 'runs/', 'books/r1'].map(runOf)).toEqual([
      'r1',
      undefined,
      undefined,
      undefined,
    ]);
  });

  it.each(['', 'a/b', '..', 'a\nb', 'x'.repeat(2000)])('refuse %j as an id', (id) => {
    expect(() => checkExecutionId(id)).toThrow();
  });
});
