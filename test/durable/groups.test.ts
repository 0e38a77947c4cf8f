import { describe, expect, it } from 'vitest';
import { type Follower, type Group, Groups } from '../../src/durable/groups.js';

const follower = (next: number, split: Follower['split'] = 'anywhere'): Follower => ({
  next,
  split,
  ready: true,
  take: () => {},
  failed: () => {},
});

function stage() {
  const groups = new Groups();
  const settled = (next: number, split?: Follower['split']): { one: Follower; group: Group } => {
    const one = follower(next, split);
    const group = groups.begin(one);
    groups.settle(group);
    return { one, group };
  };
  const sizes = (): number[] => groups.settled.map(({ members }) => members.size);
  return { groups, settled, sizes };
}

describe('Groups', () => {
  it('unites who meets at a place, and cuts text alike', () => {
    const { settled, sizes } = stage();
    settled(3);
    settled(3);
    settled(4);
    settled(3, 'characters');
    expect(sizes()).toEqual([2, 1, 1]);
  });

  it('reads again for both what one of them has not seen', () => {
    const { groups, settled } = stage();
    settled(3).group.version = 7;
    const late = groups.begin(follower(3));
    late.version = 5;
    groups.settle(late);
    expect(groups.settled.map(({ version }) => version)).toEqual([5]);
  });

  it('lets the smaller group join the larger one', () => {
    const { groups, settled } = stage();
    const { one } = settled(3);
    settled(3);
    const crowd = groups.settled[0]!;
    groups.unsettle(crowd);
    const { one: alone } = settled(3);
    groups.settle(crowd);
    expect(groups.settled).toEqual([crowd]);
    expect([...crowd.members]).toEqual(expect.arrayContaining([one, alone]));
    groups.remove(alone);
    expect(crowd.members.size, 'it knows where it is').toBe(2);
  });

  it('keeps a group that is being read for from others', () => {
    const { groups, settled, sizes } = stage();
    const { group } = settled(3);
    groups.unsettle(group);
    expect(groups.settled).toEqual([]);
    settled(3);
    groups.unsettle(group);
    expect(sizes(), 'another stands there').toEqual([1]);
  });

  it('has who is aside in no group, until he begins anew', () => {
    const { groups, settled, sizes } = stage();
    const { one } = settled(3);
    settled(3);
    groups.setAside(one);
    expect([groups.isAside(one), groups.has(one), groups.size, sizes()]).toEqual([true, true, 2, [1]]);
    groups.settle(groups.begin(one));
    expect([groups.isAside(one), sizes()]).toEqual([false, [2]]);
    expect(groups.isAside(follower(0)), 'a stranger').toBe(false);
  });

  it('forgets who leaves, and the place nobody is at', () => {
    const { groups, settled } = stage();
    const { one } = settled(3);
    expect([groups.remove(one), groups.remove(one)]).toEqual([true, false]);
    expect([groups.size, groups.settled, groups.followers]).toEqual([0, [], []]);
    const { one: aside } = settled(3);
    groups.setAside(aside);
    expect([groups.remove(aside), groups.size]).toEqual([true, 0]);
  });
});
