import { describe, expect, it } from 'vitest';
import { deletion, forkBook, type ForkEntry, type ForkState } from '../../src/durable/fork-book.js';

function after(...entries: ForkEntry[]): ForkState {
  const state = forkBook.start();
  for (const entry of entries) forkBook.apply(state, entry);
  return state;
}

const fork = (name: string, of: string): ForkEntry => ({ t: 'forked', name, of });
const deleted = (name: string): ForkEntry => ({ t: 'deleted', name });

describe('fork book', () => {
  it('knows who was made of whom', () => {
    const { origins, forks } = after(fork('b', 'a'), fork('c', 'a'), fork('c', 'd'), { t: 'left', name: 'nobody' });
    expect([...origins]).toEqual([
      ['b', 'a'],
      ['c', 'd'],
    ]);
    expect([...forks]).toEqual([
      ['a', new Set(['b'])],
      ['d', new Set(['c'])],
    ]);
  });

  it('is the same once it was summed up', () => {
    const state = after(fork('b', 'a'), fork('c', 'b'), deleted('a'), deleted('x'), { t: 'forgotten', name: 'x' });
    expect(after(...forkBook.sum(state))).toEqual(state);
  });
});

describe('deletion', () => {
  it('of a stream that has nothing to do with forks is nothing to remember', () => {
    expect(deletion(after(), 'a')).toEqual([]);
  });

  it('of a stream with forks blocks its name', () => {
    expect(deletion(after(fork('b', 'a')), 'a')).toEqual([deleted('a')]);
  });

  it('of a fork takes it from its source, which lives on', () => {
    expect(deletion(after(fork('b', 'a')), 'b')).toEqual([{ t: 'left', name: 'b' }]);
    const two = after(fork('b', 'a'), fork('c', 'a'), deleted('a'));
    expect(deletion(two, 'b')).toEqual([{ t: 'left', name: 'b' }]);
  });

  it('of the last fork forgets what was deleted before, up the chain', () => {
    const chain = after(fork('b', 'a'), fork('c', 'b'), deleted('a'), deleted('b'));
    const entries = deletion(chain, 'c');
    expect(entries).toEqual([
      { t: 'left', name: 'c' },
      { t: 'forgotten', name: 'b' },
      { t: 'left', name: 'b' },
      { t: 'forgotten', name: 'a' },
    ]);
    for (const entry of entries) forkBook.apply(chain, entry);
    expect(chain).toEqual(forkBook.start());
  });
});
