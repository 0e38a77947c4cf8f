import { afterEach, describe, expect, it, vi } from 'vitest';
import { isWatched, leave, write, writeLine } from '../../src/cli/output.js';

afterEach(() => vi.restoreAllMocks());

describe('write', () => {
  it('waits while standard output is full', async () => {
    vi.spyOn(process.stdout, 'write').mockReturnValue(false);
    let done = false;
    const writing = writeLine({ a: 1 }).then(() => (done = true));
    await Promise.resolve();
    expect(done).toBe(false);
    process.stdout.emit('drain');
    await writing;
    expect(process.stdout.write).toHaveBeenCalledExactlyOnceWith('{"a":1}\n');
  });

  it('does not where there is room', async () => {
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await write('a');
    expect(process.stdout.write).toHaveBeenCalledExactlyOnceWith('a');
  });
});

describe('isWatched', () => {
  it.each([
    [true, undefined, true],
    [true, true, false],
    [undefined, undefined, false],
  ])('on a terminal: %s, JSON asked for: %s, is %s', (isTTY, json, expected) => {
    const before = process.stdout.isTTY;
    process.stdout.isTTY = isTTY as true;
    expect(isWatched({ json })).toBe(expected);
    process.stdout.isTTY = before;
  });
});

describe('leave', () => {
  it('ends the process when all is written', async () => {
    const order: string[] = [];
    vi.spyOn(process, 'exit').mockImplementation(((code: number) => void order.push(`exit ${code}`)) as never);
    vi.spyOn(process.stdout, 'write').mockImplementation(((_: string, written: () => void) => {
      setImmediate(() => {
        order.push('written');
        written();
      });
      return true;
    }) as never);
    await leave(3);
    expect(order).toEqual(['written', 'exit 3']);
  });
});
