import { callStream } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { parseCall } from '../../src/run/call.js';

describe('a call of a remote actor', () => {
  it('has a stream of its own', () => {
    expect(callStream('writer', 'a1')).toBe('actors/writer/a1');
  });

  it.each([
    ['a b', 'x', 'a step id'],
    ['writer', '', 'stream name must not have an empty segment'],
    ['writer', 'a/b', 'the id of a call must not hold "/"'],
    ['writer', 'x'.repeat(243), 'the id of a call must have at most 242 characters'],
  ])('refuses %s/%s', (actor, id, message) => {
    expect(() => callStream(actor, id)).toThrow(message);
  });

  it('is read from a job', () => {
    expect(parseCall({ actor: 'a', id: 'b', input: [1] })).toEqual({ actor: 'a', id: 'b', input: [1] });
    expect(parseCall({ actor: 'a', id: 'b' })).toEqual({ actor: 'a', id: 'b' });
    expect(() => parseCall({ actor: 'a', id: 'b', input: new Map() })).toThrow('no call of an actor: input: ');
    expect(() => parseCall('x')).toThrow('no call of an actor: payload: ');
  });
});
