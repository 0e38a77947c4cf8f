import { describe, expect, it } from 'vitest';
import { Stop } from '../../src/run/stop.js';

describe('stop', () => {
  it('tells all listeners once, those that come late at once, and none that left', () => {
    const stop = new Stop();
    const heard: unknown[] = [];
    stop.onStop((error) => heard.push(['a', error]));
    stop.onStop((error) => heard.push(['b', error]))();
    expect([stop.stopped, stop.error]).toEqual([false, undefined]);
    stop.stop('why');
    stop.stop('again');
    stop.onStop((error) => heard.push(['c', error]))();
    expect(heard).toEqual([
      ['a', 'why'],
      ['c', 'why'],
    ]);
    expect([stop.stopped, stop.error]).toEqual([true, 'why']);
  });

  it('breaks off what it is asked to wait for, and lets it go once', async () => {
    const stop = new Stop();
    let released = 0;
    const waiting = stop.until(() => () => released++);
    stop.stop(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    let begun = false;
    const late = stop.until(() => {
      begun = true;
      return () => {};
    });
    await expect(late).rejects.toThrow('enough');
    expect([released, begun]).toEqual([1, false]);
  });

  it('answers what was waited for, also at once, and then does not break off', async () => {
    const stop = new Stop();
    let released = 0;
    let answer!: (value: string) => void;
    const later = stop.until<string>((resolve) => {
      answer = resolve;
      return () => released++;
    });
    answer('later');
    stop.stop(new Error('late'));
    answer('twice');
    expect(await later).toBe('later');
    const now = new Stop().until<string>((resolve) => {
      resolve('now');
      return () => released++;
    });
    expect([await now, released]).toEqual(['now', 2]);
    await expect(new Stop().until((_, reject) => (reject(new Error('no')), () => {}))).rejects.toThrow('no');
  });

  it('takes any number of listeners without a word', () => {
    const stop = new Stop();
    let heard = 0;
    for (let i = 0; i < 1000; i++) stop.onStop(() => heard++);
    stop.stop(undefined);
    expect([heard, stop.stopped]).toEqual([1000, true]);
  });
});
