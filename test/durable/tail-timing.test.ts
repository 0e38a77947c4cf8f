import { afterEach, describe, expect, it, vi } from 'vitest';
import { tailTiming } from '../../src/durable/tail-timing.js';
import { VirtualTime } from '../virtual-time.js';

afterEach(() => vi.unstubAllGlobals());

describe('tailTiming', () => {
  it('goes by the event loop', async () => {
    const { soon, turn, later, now } = tailTiming(undefined);
    const done: string[] = [];
    const begun = now();
    await new Promise<void>((resolve) => {
      later(() => resolve(void done.push('later')), 20);
      turn(() => done.push('turn'));
      soon(() => done.push('soon'));
      done.push('now');
    });
    expect(done).toEqual(['now', 'soon', 'turn', 'later']);
    expect(now() - begun).toBeGreaterThan(15);
  });

  it('has a turn also where there is no setImmediate', async () => {
    vi.stubGlobal('setImmediate', undefined);
    const { turn } = tailTiming(undefined);
    await new Promise<void>((resolve) => turn(resolve));
  });

  it('goes by the scheduler it is handed', async () => {
    const time = new VirtualTime();
    const { turn, later, now } = tailTiming(time);
    const done: string[] = [];
    later(() => done.push('later'), 5);
    turn(() => done.push('turn'));
    const begun = now();
    await time.pass(1);
    expect(done).toEqual(['turn']);
    await time.pass(4);
    expect(done).toEqual(['turn', 'later']);
    expect(now() - begun).toBe(5);
  });
});
