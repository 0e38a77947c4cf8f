import { describe, expect, it, vi } from 'vitest';
import { Watchers } from '../../src/log/watchers.js';

describe('Watchers', () => {
  it('calls the listeners of a stream, in the order they came', () => {
    const watchers = new Watchers();
    const calls: string[] = [];
    watchers.add('s', () => calls.push('first'));
    watchers.add('s', () => calls.push('second'));
    watchers.add('t', () => calls.push('another stream'));
    watchers.notify('s');
    watchers.notify('nobody listens');
    expect(calls).toEqual(['first', 'second']);
  });

  it('counts a listener as often as it came', () => {
    const watchers = new Watchers();
    let calls = 0;
    const listener = () => void calls++;
    const stop = watchers.add('s', listener);
    watchers.add('s', listener);
    watchers.notify('s');
    stop();
    stop();
    watchers.notify('s');
    expect(calls).toBe(3);
  });

  it('does not call a listener that another one has stopped', () => {
    const watchers = new Watchers();
    const calls: string[] = [];
    watchers.add('s', () => stop());
    const stop = watchers.add('s', () => calls.push('stopped'));
    watchers.add('s', () => calls.push('the last'));
    watchers.notify('s');
    expect(calls).toEqual(['the last']);
  });

  it('calls a listener that comes anew in its call only the next time', () => {
    const watchers = new Watchers();
    let calls = 0;
    const again = () => {
      calls++;
      stop();
      stop = watchers.add('s', again);
    };
    let stop = watchers.add('s', again);
    watchers.notify('s');
    expect(calls).toBe(1);
    watchers.notify('s');
    expect(calls).toBe(2);
  });

  it('calls the others when one throws, and lets the error surface', () => {
    const queued = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => {});
    try {
      const watchers = new Watchers();
      const defect = new Error('a defect');
      let calls = 0;
      watchers.add('s', () => {
        throw defect;
      });
      watchers.add('s', () => calls++);
      watchers.notify('s');
      expect(calls).toBe(1);
      expect(queued.mock.calls[0]![0]).toThrow(defect);
    } finally {
      queued.mockRestore();
    }
  });

  it('forgets everybody, also while it calls', () => {
    const watchers = new Watchers();
    let calls = 0;
    watchers.add('s', () => watchers.clear());
    const stop = watchers.add('s', () => calls++);
    watchers.notify('s');
    watchers.notify('s');
    stop();
    expect(calls).toBe(0);
  });
});
