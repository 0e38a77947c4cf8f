import type { ProducerState } from '../admission.js';

/** @internal A producer as it is written. */
export type ProducerEntry = readonly [id: string, epoch: number, next: number];

/** Producers written together: an append writes no more than these, however many a stream has. */
const groupSize = 16;

/**
 * @internal The producers of a stream, in groups that are written together, as the calls so far have left them. Knows how to go
 * back to what is on disk.
 */
export class Producers {
  private readonly states = new Map<string, ProducerState>();
  private readonly places = new Map<string, number>();
  /** In the order in which they came. */
  private readonly ids: string[] = [];
  /** Producers that have changed since the last commit began, and since the one before it, as they were. */
  private changed = new Map<string, ProducerState | undefined>();
  private saving = new Map<string, ProducerState | undefined>();

  get size(): number {
    return this.ids.length;
  }

  /** How many groups there are. */
  get groups(): number {
    return Math.ceil(this.ids.length / groupSize);
  }

  get(id: string): ProducerState | undefined {
    return this.states.get(id);
  }

  set(id: string, state: ProducerState): void {
    const before = this.states.get(id);
    if (before === undefined) this.places.set(id, this.ids.push(id) - 1);
    if (!this.changed.has(id)) this.changed.set(id, before);
    this.states.set(id, state);
  }

  /** The producers of a group. */
  group(number: number): ProducerEntry[] {
    const ids = this.ids.slice(number * groupSize, (number + 1) * groupSize);
    return ids.map((id) => {
      const { epoch, next } = this.states.get(id)!;
      return [id, epoch, next];
    });
  }

  /** A commit begins: answers the groups to write. */
  save(): ReadonlySet<number> {
    [this.saving, this.changed] = [this.changed, this.saving];
    const groups = new Set<number>();
    for (const id of this.saving.keys()) groups.add(Math.floor(this.places.get(id)! / groupSize));
    return groups;
  }

  /** What was saved is on disk. */
  commit(): void {
    this.saving.clear();
  }

  /** Nothing since the last commit came to be. */
  revert(): void {
    for (const undo of [this.changed, this.saving]) {
      for (const [id, state] of undo) {
        if (state === undefined) this.states.delete(id);
        else this.states.set(id, state);
      }
      undo.clear();
    }
    // Those that are gone came last.
    while (this.ids.length > this.states.size) this.places.delete(this.ids.pop()!);
  }

  /** Takes over a group as it was written. */
  load(number: number, entries: readonly ProducerEntry[]): void {
    for (const [i, [id, epoch, next]] of entries.entries()) {
      const place = number * groupSize + i;
      this.ids[place] = id;
      this.places.set(id, place);
      this.states.set(id, { epoch, next });
    }
  }
}
