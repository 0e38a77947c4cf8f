import { getEventListeners } from 'node:events';
import { NEVER, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { aborted, wanted } from '../../../src/transport/http/aborted.js';

describe('aborted', () => {
  it('tells when a signal is aborted, and at once when it is already', () => {
    const abort = new AbortController();
    let told = 0;
    aborted(abort.signal).subscribe(() => told++);
    expect(told).toBe(0);
    abort.abort();
    expect(told).toBe(1);
    aborted(abort.signal).subscribe(() => told++);
    expect(told).toBe(2);
  });

  it('leaves nothing behind at the signal', () => {
    const { signal } = new AbortController();
    const listening = aborted(signal).subscribe();
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    listening.unsubscribe();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('wanted', () => {
  it('answers with what comes first', async () => {
    const { signal } = new AbortController();
    expect(await wanted(of('a', 'b'), signal)).toBe('a');
    expect(await wanted(Promise.resolve('c'), signal)).toBe('c');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('fails as the work does', async () => {
    const { signal } = new AbortController();
    await expect(wanted(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('waits no longer than it is wanted, also when it is not from the beginning', async () => {
    const abort = new AbortController();
    const waiting = wanted(NEVER, abort.signal);
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(wanted(NEVER, abort.signal)).rejects.toThrow('enough');
    await expect(wanted(Promise.reject(new Error('late')), abort.signal)).rejects.toThrow('enough');
  });
});
