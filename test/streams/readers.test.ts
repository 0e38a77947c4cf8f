import { describe, expect, it, vi } from 'vitest';
import { Readers } from '../../src/streams/readers.js';

describe('Readers', () => {
  it('knows the slowest reader of each stream', () => {
    const readers = new Readers();
    const at = (next: number | undefined) => ({ next: () => next });
    expect(readers.slowest('a')).toBeUndefined();
    readers.add('a', at(7));
    const leave = readers.add('a', at(3));
    readers.add('a', at(undefined));
    readers.add('b', at(1));
    expect(readers.slowest('a')).toBe(3);
    leave();
    leave();
    expect(readers.slowest('a')).toBe(7);
  });

  it('tells who watches a stream that a reader has moved or left, and nobody else', () => {
    const readers = new Readers();
    const calls: string[] = [];
    const stop = readers.watch('a', () => calls.push('a'));
    readers.watch('b', () => calls.push('b'));
    const leave = readers.add('a', { next: () => 0 });
    readers.moved('a');
    leave();
    expect(calls).toEqual(['a', 'a']);
    stop();
    stop();
    readers.moved('a');
    readers.moved('nobody watches');
    expect(calls).toEqual(['a', 'a']);
  });

  it('may be left while it calls', () => {
    const readers = new Readers();
    const calls: string[] = [];
    const stop = readers.watch('a', () => {
      calls.push('first');
      stop();
    });
    readers.watch('a', () => calls.push('second'));
    readers.moved('a');
    readers.moved('a');
    expect(calls).toEqual(['first', 'second', 'second']);
  });

  it('calls the others when one throws, and lets the error surface', () => {
    const queued = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => {});
    try {
      const readers = new Readers();
      const defect = new Error('a defect');
      const calls: string[] = [];
      readers.watch('a', () => {
        throw defect;
      });
      readers.watch('a', () => calls.push('second'));
      readers.moved('a');
      expect(calls).toEqual(['second']);
      expect(queued.mock.calls[0]![0]).toThrow(defect);
    } finally {
      queued.mockRestore();
    }
  });
});
