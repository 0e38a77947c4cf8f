import { Subject, Subscriber } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Gap } from '../../src/chunk/index.js';
import { LossyStage } from '../../operators/lossy.js';
import { operate } from '../../operators/operate.js';
import { checkOverflow } from '../../operators/waiting-line.js';
import { gap, item, type Item, listen, streamError } from './alphabet.js';
import type { OverflowOptions } from '../../operators/index.js';

/** Lets everything wait until the source completes. */
class Hoard extends LossyStage<Item> {
  protected override _next(each: Item): void {
    this.wait(each);
  }

  get waiting(): number | 'closed' {
    return this.closed ? 'closed' : this.line.length;
  }

  protected override _complete(): void {
    while (!this.closed) {
      for (const lost of this.takeGaps()) this.destination.next(lost);
      if (this.line.length === 0) return super._complete();
      this.destination.next(this.line.take());
    }
  }
}

function hoard(options: OverflowOptions<Item>): unknown[] {
  const source = new Subject<Item>();
  const seen: unknown[] = [];
  source
    .pipe(operate((destination) => new Hoard(destination, 'hoard', checkOverflow(options))))
    .subscribe({ next: (each) => seen.push(each), error: (error) => seen.push(error) });
  for (const seq of [0, 1, 2]) source.next(item(seq));
  source.complete();
  return seen;
}

describe('a lossy stage', () => {
  it('has gaps to emit for what was lost, and reports them', () => {
    const { probe, heard } = listen('hoard');
    const options = { capacity: 1, overflow: 'drop-newest', announce: true, probe } as const;
    expect(hoard(options)).toEqual([item(0), gap(1, 3, 'dropped')]);
    expect(heard.at(-1)).toEqual({ type: 'gap', from: 1, to: 3, reason: 'dropped' });
  });

  it('fails where nothing may be lost', () => {
    expect(hoard({ capacity: 1 })).toEqual([streamError('overflow', 'hoard: 1 items are waiting')]);
  });

  it('has room for a replay beside its capacity, where one too many would end it', () => {
    const replayed = (options: OverflowOptions<Item>) => {
      const ignored = new Subscriber<Item | Gap>({ next() {}, error() {}, complete() {} });
      const stage = new Hoard(ignored, 'hoard', checkOverflow(options));
      stage.replaying = true;
      for (const seq of [0, 1, 2]) stage.next(item(seq));
      const { waiting } = stage;
      stage.replaying = false;
      for (const seq of [3, 4]) stage.next(item(seq));
      return [waiting, stage.waiting];
    };
    expect(replayed({ capacity: 2 })).toEqual([3, 5]);
    expect(replayed({ capacity: 1 })).toEqual([3, 'closed']);
    expect(replayed({ capacity: 0 })).toEqual(['closed', 'closed']);
    expect(replayed({ capacity: 2, overflow: 'drop-oldest' })).toEqual([2, 2]);
  });
});
