import { describe, expect, it } from 'vitest';
import {
  append,
  create,
  describe as described,
  existing,
  expiresAt,
  living,
  type NatsBounds,
  remove,
  type StreamState,
  trim,
} from '../../../src/log/nats/state.js';
import { refused, texts } from '../../../src/testing/log-stage.js';

const bounds: NatsBounds = { maxChunks: 5, maxProducers: 1, ttlMs: 100, now: () => 50 };
const by = (seq: number, id = 'p') => ({ producer: { id, epoch: 0, seq } });

function created(config = {}): StreamState {
  return create('s', undefined, config, { after: 3, life: 'l', now: 10 }).state!;
}

describe('what a call does to a stream', () => {
  it('creates it behind what was of its name before, once', async () => {
    const state = created({ session: 'a' });
    expect(state).toMatchObject({ after: 3, life: 'l', createdAt: 10, first: 0, next: 0 });
    expect(create('s', state, { session: 'a' }, { after: 9, life: 'm', now: 20 }).state).toBe(state);
    await refused('stream-exists', () => void create('s', state, {}, { after: 9, life: 'm', now: 20 }));
  });

  it('appends what is new, and changes nothing that was there', () => {
    const state = created();
    const { state: after, chunks, answer } = append('s', state, texts(0, 2), by(0), bounds);
    expect(answer).toEqual({ first: 0, next: 2, duplicates: 0, ended: false, expected: 2 });
    expect(chunks).toEqual(texts(0, 2));
    expect(after).toMatchObject({ next: 2, lastChunkAt: 50 });
    expect(state.producers.size, 'the state before').toBe(0);
    const overlap = append('s', after, texts(1, 2), by(1), bounds);
    expect(overlap.answer).toEqual({ first: 2, next: 3, duplicates: 1, ended: false, expected: 3 });
    expect(overlap.chunks).toEqual(texts(2, 1));
  });

  it('leaves the state as it is when there is nothing new', () => {
    const { state } = append('s', created(), texts(0, 2), { ...by(0), close: { status: 'completed' } }, bounds);
    expect(append('s', state, texts(0, 2), by(0), bounds).state).toBe(state);
    expect(append('s', state, [], { close: { status: 'completed' } }, bounds).state).toBe(state);
    expect(append('s', created(), [], {}, bounds).chunks).toEqual([]);
  });

  it('remembers a producer from its first append on, be it empty', () => {
    const { state } = append('s', created(), [], by(0), bounds);
    expect(state!.producers.get('p')).toEqual({ epoch: 0, next: 0 });
  });

  it('refuses as the laws say, and one producer too many', async () => {
    const { state } = append('s', created(), texts(0, 1), by(0), bounds);
    await refused('sequence-gap', () => void append('s', state, texts(5, 1), by(5), bounds));
    await refused('limit-reached', () => void append('s', state, [], by(0, 'q'), bounds));
    await refused('stream-not-found', () => void append('s', undefined, [], {}, bounds));
  });

  it('forgets the oldest beyond the bound, and what is trimmed', async () => {
    const { state } = append('s', created(), texts(0, 8), {}, bounds);
    expect(state).toMatchObject({ first: 3, next: 8 });
    expect(trim('s', state, 3).state).toBe(state);
    expect(trim('s', state, 6).state).toMatchObject({ first: 6, next: 8 });
    expect(trim('s', state, 100).state).toMatchObject({ first: 8, next: 8 });
    await refused('stream-not-found', () => void trim('s', undefined, 1));
  });

  it('removes it, and what it knew of its producers', () => {
    const { state } = append('s', created({ session: 'a' }), texts(0, 1), by(0), bounds);
    const removed = remove(state).state!;
    expect(removed).toMatchObject({ removed: true, config: {} });
    expect(removed.producers.size).toBe(0);
    expect(remove(removed).state).toBe(removed);
    expect(remove(undefined).answer).toBe(false);
    expect(living(removed, bounds)).toBeUndefined();
  });

  it('is over when its time after the end is', async () => {
    const { state } = append('s', created(), [], { close: { status: 'completed' } }, bounds);
    expect(expiresAt(state!, 100)).toBe(150);
    expect(expiresAt({ ...state!, config: { ttlMs: 1 } }, 100)).toBe(51);
    expect(expiresAt(created(), 100)).toBe(Infinity);
    expect(living(state, { ...bounds, now: () => 149 })).toBe(state);
    expect(living(state, { ...bounds, now: () => 150 })).toBeUndefined();
    await refused('stream-not-found', () => void existing('s', undefined));
  });

  it('is told', () => {
    const { state } = append('s', created({ expectedChunks: 3 }), texts(0, 1), by(0), bounds);
    expect(described('s', state!)).toMatchObject({
      streamId: 's',
      status: 'active',
      createdAt: 10,
      next: 1,
      chunks: { expected: 3, received: 1, missing: 2 },
    });
  });
});
