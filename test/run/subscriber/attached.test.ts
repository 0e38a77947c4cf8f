import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Attached } from '../../../src/run/subscriber/attached.js';

describe('one subscriber', () => {
  it('is told of once, whether it leaves or is cut off, whatever comes after', async () => {
    const told: string[] = [];
    let answer!: () => void;
    const attached = new Attached<number>(
      { take: () => new Promise((resolve) => (answer = resolve)) },
      {
        filter: undefined,
        capacity: 1,
        maxBatch: 1,
        patienceMs: Infinity,
        scheduler: new VirtualTimeScheduler(),
        left: (taken) => told.push(`left ${taken}`),
        failed: ({ code }, taken, lost) => told.push(`${code} ${taken} ${lost}`),
      },
    );
    for (let n = 0; n < 5; n++) attached.push(n);
    answer();
    await attached.detach();
    expect(told).toEqual(['overflow 0 2']);
  });
});
