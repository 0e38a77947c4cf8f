import { describe, expect, it } from 'vitest';
import { checkOverflow, WaitingLine } from '../../operators/waiting-line.js';
import { item, type Item, listen, streamError } from './alphabet.js';
import type { OverflowOptions } from '../../operators/index.js';

function createLine(options: OverflowOptions<Item>) {
  const { probe, heard } = listen('tests');
  return { line: new WaitingLine<Item>('tests', checkOverflow({ ...options, probe })), heard };
}

/** What comes out in the end: numbers, and ranges that were lost. */
function leave(line: WaitingLine<Item>): unknown[] {
  const left: unknown[] = [];
  for (;;) {
    const losses = line.takeLosses();
    if (losses !== undefined) left.push(...losses.gaps().map(({ from, to }) => `${from}-${to}`));
    else if (line.length === 0) return left;
    else {
      const { front } = line;
      expect(line.take()).toBe(front);
      left.push(front.seq);
    }
  }
}

describe('a waiting line', () => {
  it('is first in, first out', () => {
    const { line } = createLine({});
    for (const seq of [0, 1, 2]) line.add(item(seq));
    expect(line.length).toBe(3);
    expect(leave(line)).toEqual([0, 1, 2]);
    expect(line.length).toBe(0);
  });

  it.each([
    [{ overflow: 'drop-oldest' }, ['0-2', 2, 3], [0, 1]],
    [{ overflow: 'drop-newest' }, [0, 1, '2-4'], [2, 3]],
    [{ overflow: 'replace-newest' }, [0, '1-3', 3], [1, 2]],
    [{ overflow: 'latest', capacity: 1 }, ['0-3', 3], [0, 1, 2]],
    [{ overflow: 'drop-newest', capacity: 0 }, ['0-4'], [0, 1, 2, 3]],
  ] as const)('with %o leaves a gap where one was lost', (options, left, lost) => {
    const { line, heard } = createLine({ capacity: 2, announce: true, ...options });
    for (const seq of [0, 1, 2, 3]) line.add(item(seq));
    expect(leave(line)).toEqual(left);
    expect(heard).toEqual(lost.map((seq) => ({ type: 'dropped', value: item(seq) })));
  });

  it('leaves no gap unless asked to', () => {
    const { line, heard } = createLine({ capacity: 1, overflow: 'drop-newest' });
    for (const seq of [0, 1, 2]) line.add(item(seq));
    expect(leave(line)).toEqual([0]);
    expect(heard).toHaveLength(2);
  });

  it('has room beside a replay for as many as otherwise', () => {
    const { line } = createLine({ capacity: 1, overflow: 'drop-oldest', announce: true });
    for (const seq of [0, 1, 2]) line.replay(item(seq));
    line.add(item(3));
    expect(line.replayed).toBe(3);
    line.add(item(4));
    expect([line.replayed, line.length]).toEqual([2, 4]);
    line.takeLosses();
    line.take();
    line.take();
    expect([line.replayed, line.length]).toEqual([0, 2]);
    line.add(item(5));
    line.add(item(6));
    expect(leave(line)).toEqual(['3-5', 5, 6]);
  });

  it('is empty when there is neither an item nor a loss to be told', () => {
    const { line } = createLine({ capacity: 1, overflow: 'drop-oldest', announce: true });
    expect(line.empty).toBe(true);
    line.add(item(0));
    line.add(item(1));
    line.take();
    expect(line.empty).toBe(false);
    line.takeLosses();
    expect(line.empty).toBe(true);
    const losing = createLine({ capacity: 0, overflow: 'drop-newest', announce: true }).line;
    losing.add(item(0));
    expect(losing.empty).toBe(false);
    losing.replay(item(1));
    losing.clear();
    expect([losing.empty, losing.replayed]).toEqual([true, 0]);
  });

  it('shows the first that waits behind what was lost before it', () => {
    const { line } = createLine({ capacity: 1, overflow: 'drop-newest', announce: true });
    line.add(item(0));
    line.add(item(1));
    line.take();
    line.add(item(2));
    expect(line.front).toEqual(item(2));
    expect(leave(line)).toEqual(['1-2', 2]);
  });

  it('does not count those about to be taken', () => {
    const { line, heard } = createLine({ capacity: 1, overflow: 'drop-newest' });
    line.add(item(0), 1);
    line.add(item(1), 1);
    line.add(item(2), 1);
    expect(leave(line)).toEqual([0, 1]);
    expect(heard).toEqual([{ type: 'dropped', value: item(2) }]);
  });

  it('merges into the youngest, up to a bound for each', () => {
    const merge = (waiting: Item, each: Item) => ({ ...waiting, seq: waiting.seq * 10 + each.seq });
    const { line } = createLine({ capacity: 2, overflow: 'batch', merge, maxMerged: 2 });
    for (const seq of [1, 2, 3]) line.add(item(seq));
    expect(() => line.add(item(4))).toThrow(streamError('overflow', '2 items are waiting', 'of 2 merged') as Error);
    line.take();
    line.add(item(5));
    line.add(item(6));
    expect(leave(line)).toEqual([23, 56]);
  });

  it('holds nothing once it is cleared', () => {
    for (const overflow of ['drop-oldest', 'drop-newest'] as const) {
      const { line } = createLine({ capacity: 1, overflow, announce: true });
      line.add(item(0));
      line.add(item(1));
      line.clear();
      expect(leave(line)).toEqual([]);
    }
  });
});
