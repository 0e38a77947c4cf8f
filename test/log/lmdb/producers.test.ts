import { describe, expect, it } from 'vitest';
import { Producers } from '../../../src/log/lmdb/producers.js';

const state = (next: number) => ({ epoch: 1, next });

/** Twenty producers that are on disk. */
function twenty(): Producers {
  const producers = new Producers();
  for (let n = 0; n < 20; n++) producers.set(`p${n}`, state(n));
  producers.save();
  producers.commit();
  return producers;
}

describe('Producers', () => {
  it('names the groups to write: those with somebody who has changed', () => {
    const producers = twenty();
    expect([...producers.save()]).toEqual([]);
    producers.set('p17', state(5));
    expect([...producers.save()]).toEqual([1]);
    producers.commit();
    for (const id of ['p3', 'p4', 'new']) producers.set(id, state(6));
    expect([...producers.save()]).toEqual([0, 1]);
  });

  it('is read back group by group, in any order', () => {
    const producers = twenty();
    const again = new Producers();
    again.load(1, producers.group(1));
    again.load(0, producers.group(0));
    expect({ size: again.size, groups: again.groups }).toEqual({ size: 20, groups: 2 });
    for (let n = 0; n < 20; n++) expect(again.get(`p${n}`)).toEqual(state(n));
    again.set('p20', state(7));
    expect(again.group(1)).toEqual([...producers.group(1), ['p20', 1, 7]]);
  });

  it('goes back to what is on disk, from a commit under way and what came after it', () => {
    const producers = twenty();
    producers.set('p1', state(50));
    producers.set('new', state(1));
    producers.save();
    producers.set('p1', state(60));
    producers.set('newer', state(1));
    producers.revert();
    expect(producers.size).toBe(20);
    expect(producers.get('p1')).toEqual(state(1));
    expect(producers.get('new')).toBeUndefined();
    producers.set('other', state(3));
    expect([...producers.save()]).toEqual([1]);
    expect(producers.group(1).at(-1)).toEqual(['other', 1, 3]);
  });

  it('goes back to what came before a commit that succeeded never again', () => {
    const producers = twenty();
    producers.set('p1', state(50));
    producers.save();
    producers.commit();
    producers.revert();
    expect(producers.get('p1')).toEqual(state(50));
  });
});
