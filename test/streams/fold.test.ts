import { describe, expect, it } from 'vitest';
import { type Chunk, createChunk, type JsonValue } from '../../src/chunk/index.js';
import { assembled, checkFold, type Fold, lastJson } from '../../src/streams/fold.js';

const chunk = (data: JsonValue | Uint8Array, seq = 0, type?: Chunk['type']): Chunk =>
  createChunk({ streamId: 's', seq, data, type });

/** What some data comes to. */
function fold<S>(rule: Fold<S>, ...datas: (JsonValue | Uint8Array)[]): S {
  return datas.reduce<S>((state, data, seq) => rule.fold(state, chunk(data, seq)), rule.initial);
}

/** The state of a snapshot of a state. */
function again<S>(rule: Fold<S>, state: S): S {
  return rule.decode(createChunk({ streamId: 's', seq: 0, ...rule.encode(state)! }));
}

describe('assembled', () => {
  const rule = assembled();

  it('is all text, one piece behind the other', () => {
    const state = fold(rule, 'Call me ', 'Ish', 'mael.');
    expect(rule.encode(state)).toEqual({ type: 'text', data: 'Call me Ishmael.' });
    expect(rule.encode(rule.fold(again(rule, state), chunk(' Some')))?.data).toBe('Call me Ishmael. Some');
  });

  it('is all bytes, of the type they have', () => {
    const parts = [Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)];
    const state = parts.reduce<typeof rule.initial>(
      (known, bytes, seq) => rule.fold(known, chunk(bytes, seq, 'audio')),
      rule.initial,
    );
    expect(rule.encode(state)).toEqual({ type: 'audio', data: Uint8Array.of(1, 2, 3) });
    const more = rule.fold(again(rule, state), chunk(Uint8Array.of(4), 3, 'audio'));
    expect(rule.encode(more)?.data).toEqual(Uint8Array.of(1, 2, 3, 4));
  });

  it('is nothing before the first chunk, and leaves a state as it was', () => {
    expect(rule.encode(rule.initial)).toBeUndefined();
    const state = fold(rule, 'a');
    rule.fold(state, chunk('b'));
    expect(rule.encode(state)?.data).toBe('a');
  });

  it('puts a character together that was cut between chunks of bytes', () => {
    const bytes = new TextEncoder().encode('né 👩‍👩‍👧 日本');
    const parts = Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect(rule.encode(fold(rule, ...parts))?.data).toEqual(bytes);
    expect(rule.encode(fold(rule, 'e', '\u0301', '👩', '\u200d👧'))?.data).toBe('e\u0301👩\u200d👧');
  });

  it.each([
    ['json', () => fold(rule, { a: 1 })],
    ['another type than before', () => fold(rule, 'a', Uint8Array.of(1))],
    ['text behind bytes', () => fold(rule, Uint8Array.of(1), 'a')],
  ])('takes no %s', (_, folding) => {
    expect(folding).toThrow(expect.objectContaining({ code: 'data-malformed' }));
  });

  it('takes no more than maxBytes', () => {
    const small = assembled({ maxBytes: 4 });
    const state = fold(small, 'né', 'x');
    expect(() => small.fold(state, chunk('y'))).toThrow(expect.objectContaining({ code: 'overflow' }));
    expect(() => small.fold(again(small, state), chunk('y'))).toThrow(expect.objectContaining({ code: 'overflow' }));
    expect(() => assembled({ maxBytes: 0 })).toThrow(RangeError);
  });
});

describe('lastJson', () => {
  it('is the newest value, whatever it is', () => {
    expect(lastJson.encode(lastJson.initial)).toBeUndefined();
    for (const value of [{ a: [1] }, null, 0, '', 'text', false]) {
      const state = lastJson.fold(undefined, chunk(value, 0, 'json'));
      expect(lastJson.encode(state)).toEqual({ type: 'json', data: value });
      expect(again(lastJson, state)).toEqual({ value });
    }
    const two = lastJson.fold(lastJson.fold(undefined, chunk({ a: 1 })), chunk({ a: 2 }));
    expect(lastJson.encode(two)?.data).toEqual({ a: 2 });
  });

  it('takes nothing else', () => {
    expect(() => fold(lastJson, 'text')).toThrow(expect.objectContaining({ code: 'data-malformed' }));
  });
});

describe('checkFold', () => {
  it('takes a name that can stand in that of a stream', () => {
    expect(checkFold(lastJson)).toBe(lastJson);
    for (const name of ['', 'a/b', 'é', 'x'.repeat(33)]) {
      expect(() => checkFold({ ...lastJson, name } as Fold)).toThrow(RangeError);
    }
  });
});
