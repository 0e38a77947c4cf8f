import type { ProducerState } from '../admission.js';

/** @internal A producer as it is written. */
export type ProducerEntry = readonly [id: string, epoch: number, next: number];

/** Producers written together: an append writes no more than these, however many a stream has. */
const groupSize = 16;

/** A producer, thrice: as the calls so far have left it, as the commit under way will leave it, and as it is on disk. */
interface Known {
  readonly id: string;
  readonly place: number;
  planned: ProducerState;
  saving: ProducerState | undefined;
  kept: ProducerState | undefined;
  changed: boolean;
}

/**
 * @internal The producers of a stream, in groups that are written together, as the calls so far have left them. Knows how to go
 * back to what is on disk.
 */
export class Producers {
  private readonly known = new Map<string, Known>();
  /** In the order in which they came. */
  private readonly all: Known[] = [];
  /** Those that have changed since the last commit began, and since the one before it. */
  private changed: Known[] = [];
  private saving: Known[] = [];

  get size(): number {
    return this.all.length;
  }

  /** How many groups there are. */
  get groups(): number {
    return Math.ceil(this.all.length / groupSize);
  }

  get(id: string): ProducerState | undefined {
    return this.known.get(id)?.planned;
  }

  set(id: string, state: ProducerState): void {
    const producer = this.known.get(id) ?? this.add(id, this.all.length, state);
    producer.planned = state;
    if (producer.changed) return;
    producer.changed = true;
    this.changed.push(producer);
  }

  private add(id: string, place: number, planned: ProducerState): Known {
    const producer: Known = { id, place, planned, saving: undefined, kept: undefined, changed: false };
    this.known.set(id, producer);
    this.all[place] = producer;
    return producer;
  }

  /** The producers of a group. */
  group(number: number): ProducerEntry[] {
    const group: ProducerEntry[] = [];
    const end = Math.min(this.all.length, (number + 1) * groupSize);
    for (let place = number * groupSize; place < end; place++) {
      const { id, planned } = this.all[place]!;
      group.push([id, planned.epoch, planned.next]);
    }
    return group;
  }

  /** A commit begins: answers the groups to write. */
  save(): ReadonlySet<number> {
    [this.saving, this.changed] = [this.changed, this.saving];
    const groups = new Set<number>();
    for (const producer of this.saving) {
      producer.saving = producer.planned;
      producer.changed = false;
      groups.add(Math.floor(producer.place / groupSize));
    }
    return groups;
  }

  /** What was saved is on disk. */
  commit(): void {
    for (const producer of this.saving) producer.kept = producer.saving;
    this.saving.length = 0;
  }

  /** Nothing since the last commit came to be. */
  revert(): void {
    for (const undo of [this.changed, this.saving]) {
      for (const producer of undo) {
        producer.changed = false;
        if (producer.kept === undefined) this.known.delete(producer.id);
        else producer.planned = producer.kept;
      }
      undo.length = 0;
    }
    // Those that are gone came last.
    this.all.length = this.known.size;
  }

  /** Takes over a group as it was written. */
  load(number: number, entries: readonly ProducerEntry[]): void {
    for (const [i, [id, epoch, next]] of entries.entries()) {
      const producer = this.add(id, number * groupSize + i, { epoch, next });
      producer.kept = producer.planned;
    }
  }
}
