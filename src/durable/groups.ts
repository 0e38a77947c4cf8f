import type { Page } from './page.js';

/** @internal Somebody who follows a stream. */
export interface Follower {
  /** Number of the chunk it gets next. */
  next: number;
  /** Whether it takes another page. */
  readonly ready: boolean;
  /** How it wants text to be cut. */
  readonly split: 'anywhere' | 'characters';
  /** Whether there is room for a page, which it is given then; otherwise it offers itself when there may be. Default: there is. */
  admits?(page: Page): boolean;
  /** Takes what is kept from its place on. Empty when that is nothing. */
  take(page: Page): void;
  /** There is no more for it. */
  failed(error: unknown): void;
}

/** @internal Followers at the same place, who get the same page. */
export interface Group {
  readonly split: Follower['split'];
  readonly members: Set<Follower>;
  next: number;
  /** Which version of the stream its last page was of. */
  version: number;
  /** Pages it got in a row. */
  row: number;
}

/**
 * @internal Who follows a stream, and with whom. Those who meet at a place stay together until one of them takes nothing more:
 * he is aside, in no group. A group that is being read for is unsettled, and meets nobody.
 */
export class Groups {
  private readonly groups = new Map<Follower, Group | undefined>();
  private readonly places = { anywhere: new Map<number, Group>(), characters: new Map<number, Group>() };

  /** Followers, those aside as well. */
  get size(): number {
    return this.groups.size;
  }

  get followers(): readonly Follower[] {
    return [...this.groups.keys()];
  }

  get settled(): readonly Group[] {
    return [...this.places.anywhere.values(), ...this.places.characters.values()];
  }

  has(follower: Follower): boolean {
    return this.groups.has(follower);
  }

  isAside(follower: Follower): boolean {
    return this.groups.has(follower) && this.groups.get(follower) === undefined;
  }

  /** A group for one who has come, or is aside no more; unsettled. */
  begin(follower: Follower): Group {
    const { split, next } = follower;
    const group = { split, next, members: new Set([follower]), version: -1, row: 0 };
    this.groups.set(follower, group);
    return group;
  }

  setAside(follower: Follower): void {
    this.leave(follower);
    this.groups.set(follower, undefined);
  }

  /** @returns whether it was here */
  remove(follower: Follower): boolean {
    this.leave(follower);
    return this.groups.delete(follower);
  }

  /** A group stands at its place, together with who is there. */
  settle(group: Group): void {
    const places = this.places[group.split];
    const there = places.get(group.next);
    places.set(group.next, there === undefined ? group : this.unite(there, group));
  }

  unsettle(group: Group): void {
    const places = this.places[group.split];
    if (places.get(group.next) === group) places.delete(group.next);
  }

  /** The smaller group joins the larger one. */
  private unite(one: Group, other: Group): Group {
    const [stays, moves] = one.members.size < other.members.size ? [other, one] : [one, other];
    for (const follower of moves.members) {
      stays.members.add(follower);
      this.groups.set(follower, stays);
    }
    // What one of them has not seen is read again for both.
    stays.version = Math.min(one.version, other.version);
    return stays;
  }

  private leave(follower: Follower): void {
    const group = this.groups.get(follower);
    if (group === undefined) return;
    group.members.delete(follower);
    if (group.members.size === 0) this.unsettle(group);
  }
}
