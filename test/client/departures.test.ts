import { describe, expect, it } from 'vitest';
import { Departures } from '../../src/client/departures.js';

const request = { t: 'subscribe', stream: 's', from: 'now', chunks: 1, bytes: 1 } as const;

describe('Departures', () => {
  it('last until the server confirms', () => {
    const departures = new Departures();
    expect(departures.has('s')).toBe(false);
    expect(departures.leave('s', 3, 0)).toEqual({ t: 'unsubscribe', ch: 3 });
    expect(departures.has('s')).toBe(true);
    expect(departures.left(4)).toBeUndefined();
    expect(departures.left(3)).toBe('s');
    expect(departures.has('s')).toBe(false);
    expect(departures.left(3)).toBeUndefined();
  });

  it('are over with a refusal only while the request is not answered', () => {
    const departures = new Departures();
    expect(departures.refused('s')).toBe(false);
    departures.expect(request, 0);
    expect(departures.refused('s')).toBe(true);
    expect(departures.has('s')).toBe(false);
    departures.leave('s', 3, 0);
    expect(departures.refused('s')).toBe(false);
    expect(departures.has('s')).toBe(true);
  });

  it('are repeated when they are not answered: the request, or the word to leave', () => {
    const departures = new Departures();
    departures.expect(request, 10);
    departures.leave('t', 3, 20);
    expect(departures.repeat(9, 50)).toEqual([]);
    expect(departures.repeat(10, 50)).toEqual([request]);
    expect(departures.repeat(49, 60)).toEqual([{ t: 'unsubscribe', ch: 3 }]);
    departures.leave('s', 4, 55);
    expect(departures.repeat(60, 70)).toEqual([
      { t: 'unsubscribe', ch: 4 },
      { t: 'unsubscribe', ch: 3 },
    ]);
  });

  it('are over with the connection', () => {
    const departures = new Departures();
    departures.leave('s', 3, 0);
    departures.clear();
    expect(departures.has('s')).toBe(false);
  });
});
