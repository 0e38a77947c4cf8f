import { describe, expect, it } from 'vitest';
import { checkOverflow, WaitingLine } from '../../operators/waiting-line.js';
import type { StreamError } from '../../src/chunk/index.js';
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

describe('checkOverflow', () => {
  it('lets sixteen wait and loses nothing, unless told otherwise', () => {
    expect(checkOverflow({})).toStrictEqual({ overflow: 'error', capacity: 16, announce: false, maxMerged: 1024 });
    expect(checkOverflow({ overflow: 'latest' })).toMatchObject({ overflow: 'latest', capacity: 1 });
  });

  it('keeps what it is told', () => {
    const { probe } = listen('tests');
    const merge = (a: Item): Item => a;
    const options = { overflow: 'batch', capacity: 3, announce: true, maxMerged: 5, merge, probe } as const;
    expect(checkOverflow(options)).toEqual(options);
  });

  it.each(['error', 'drop-newest', 'drop-oldest', 'replace-newest', 'latest', 'batch'] as const)(
    'has room where %s needs it',
    (overflow) => {
      const check = (capacity: number) => () => checkOverflow<Item>({ overflow, capacity, merge: (a) => a });
      if (overflow === 'error' || overflow === 'drop-newest') check(0)();
      else expect(check(0)).toThrow(/^capacity must be .*1/);
      expect(check(1)()).toMatchObject({ overflow, capacity: 1 });
      if (overflow === 'latest') expect(check(2)).toThrow(/^capacity must be .*1/);
      else expect(check(Infinity)()).toMatchObject({ capacity: Infinity });
    },
  );

  it('refuses what it cannot do', () => {
    const wrong = (options: object) => () => checkOverflow<Item>(options);
    const all = 'error, drop-oldest, drop-newest, replace-newest, latest, batch';
    expect(wrong({ overflow: 'guess' })).toThrow(`overflow must be one of ${all}, got a string`);
    expect(wrong({ overflow: 'batch' })).toThrow('merge must be a function when overflow is "batch", got undefined');
    expect(wrong({ overflow: 'batch', merge: 'x' })).toThrow(TypeError);
    expect(wrong({ capacity: -1 })).toThrow(/^capacity must be/);
    expect(wrong({ maxMerged: 1 })).toThrow(/^maxMerged must be .*2/);
    expect(checkOverflow({ maxMerged: Infinity })).toMatchObject({ maxMerged: Infinity });
    expect(checkOverflow({ maxMerged: 2 })).toMatchObject({ maxMerged: 2 });
  });
});

/** What adding one more comes to. */
function refusal(line: WaitingLine<Item>, one: unknown = item(9)): StreamError | undefined {
  try {
    line.add(one as Item);
    return undefined;
  } catch (error) {
    return error as StreamError;
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

  it.each([
    ['drop-newest', 0],
    ['drop-oldest', 2],
  ] as const)('leaves no gap unless asked to: %s', (overflow, left) => {
    const { line, heard } = createLine({ capacity: 1, overflow });
    for (const seq of [0, 1, 2]) line.add(item(seq));
    expect(leave(line)).toEqual([left]);
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

  it('refuses one for which there is no room, and says whose it is', () => {
    const { line, heard } = createLine({ capacity: 2 });
    for (const seq of [0, 1]) line.add(item(seq));
    expect(refusal(line)).toMatchObject({
      code: 'overflow',
      message: 'tests: 2 items are waiting, as many as capacity allows',
      details: { operator: 'tests', streamId: 's' },
    });
    expect([leave(line), heard]).toEqual([[0, 1], []]);
    const none = createLine({ capacity: 0 }).line;
    expect(refusal(none)?.message).toBe('tests: nothing may wait');
    for (const one of [null, 5, 'x', {}]) expect(refusal(none, one)?.details).toStrictEqual({ operator: 'tests' });
  });

  it('says what a merge that throws has thrown, and keeps what waits', () => {
    const cause = new Error('no glue');
    const merge = (): Item => {
      throw cause;
    };
    const { line } = createLine({ capacity: 1, overflow: 'batch', merge });
    line.add(item(0));
    expect(refusal(line)).toMatchObject({ code: 'callback-failed', cause, details: { operator: 'tests' } });
    expect(leave(line)).toEqual([0]);
  });

  it('merges into as many as it may before one is full', () => {
    const merge = (waiting: Item, each: Item): Item => ({ ...waiting, seq: waiting.seq * 10 + each.seq });
    const { line } = createLine({ capacity: 1, overflow: 'batch', merge, maxMerged: 3 });
    for (const seq of [1, 2, 3]) line.add(item(seq));
    expect(refusal(line)?.message).toBe(
      'tests: 1 items are waiting, as many as capacity allows, the youngest of 3 merged',
    );
    expect(line.length).toBe(1);
    expect(leave(line)).toEqual([123]);
  });

  it('has all of its room again once it is cleared', () => {
    const { line } = createLine({ capacity: 2 });
    line.replay(item(0));
    for (const seq of [1, 2]) line.add(item(seq));
    line.clear();
    expect([line.length, line.replayed, line.empty]).toEqual([0, 0, true]);
    for (const seq of [3, 4]) line.add(item(seq));
    expect(refusal(line)?.code).toBe('overflow');
    expect(leave(line)).toEqual([3, 4]);
  });
});
