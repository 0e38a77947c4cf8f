import { describe, expect, it } from 'vitest';
import { readPlace, writePlace } from '../../src/monitor/place.js';

describe('readPlace', () => {
  it.each([{ kind: 'overview' }, { kind: 'streams', id: 'books/moby dick?#%' }, { kind: 'runs', id: '<b>' }] as const)(
    'reads what writePlace wrote of %j',
    (place) => {
      expect(readPlace(writePlace(place))).toEqual(place);
    },
  );

  it.each(['', '#', '#/streams/', '#/other/x', '#/streams/%E0%A4%A'])('takes %j for the overview', (hash) => {
    expect(readPlace(hash)).toEqual({ kind: 'overview' });
  });
});
