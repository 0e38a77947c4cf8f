/** What a subscriber sees: an item by its number, a gap as a range, or a word for how it ended. */
export type Entry = number | readonly [from: number, to: number] | string;

/** How a subscriber takes its items: at once, or one after another, stopping the source, losing some, or losing all. */
export type Pace = 'fast' | 'block' | 'drop' | 'strict';

export interface HubRules {
  readonly count: number;
  readonly capacity: number;
  readonly graceMs: number;
  readonly retainMs: number;
}

/** The plainest `fanOut` with a `gate` for each slow subscriber: lists, and no flow. All its times are the same. */
export class NaiveHub {
  private replay: number[] = [];
  private readers: NaiveReader[] = [];
  private ending: string | undefined;
  private running = false;
  /** Whether all is forgotten after the next wait. */
  private forgetting = false;

  constructor(private readonly rules: HubRules) {}

  join(pace: Pace): NaiveReader {
    const reader = new NaiveReader(pace, this.rules.capacity);
    for (const each of this.replay) reader.arrive(each, true);
    if (this.ending !== undefined) {
      reader.end(this.ending);
      return reader;
    }
    this.forgetting = false;
    this.running = true;
    this.readers.push(reader);
    return reader;
  }

  next(item: number): void {
    if (!this.running) return;
    this.replay = [...this.replay, item].slice(Math.max(0, this.replay.length + 1 - this.rules.count));
    for (const reader of [...this.readers]) {
      reader.arrive(item, false);
      if (reader.over) this.leave(reader);
    }
  }

  leave(reader: NaiveReader): void {
    reader.over = true;
    if (!this.readers.includes(reader)) return;
    this.readers = this.readers.filter((each) => each !== reader);
    if (this.readers.length > 0) return;
    if (this.rules.graceMs > 0) this.forgetting = true;
    else this.reset();
  }

  end(how: string): void {
    if (!this.running) return;
    const readers = this.readers;
    this.readers = [];
    this.running = false;
    if (this.rules.retainMs > 0 || this.forgetting) {
      this.ending = how;
      this.forgetting = true;
    } else this.reset();
    for (const reader of readers) reader.end(how);
  }

  wait(): void {
    if (this.forgetting) this.reset();
  }

  private reset(): void {
    this.replay = [];
    this.ending = undefined;
    this.running = false;
    this.forgetting = false;
  }
}

/** The plainest subscriber. */
export class NaiveReader {
  readonly got: Entry[] = [];
  over = false;
  private full = false;
  private busy = false;
  private waiting: { item: number; counts: boolean }[] = [];
  private lost: [number, number] | undefined;
  private ending: string | undefined;

  constructor(
    private readonly pace: Pace,
    private readonly capacity: number,
  ) {}

  get stopsSource(): boolean {
    return this.full && !this.over;
  }

  arrive(item: number, replayed: boolean): void {
    if (this.over) return;
    const counts = !replayed || this.pace === 'drop';
    const taken = this.waiting.filter((each) => each.counts).length;
    if (!this.busy) this.take(item);
    else if (counts && this.pace === 'strict' && taken >= this.capacity) this.finish('overflow');
    else {
      if (this.pace === 'drop' && taken >= this.capacity) this.lose(this.waiting.shift()!.item);
      this.waiting.push({ item, counts });
    }
    this.settle();
  }

  work(): void {
    if (!this.busy) return;
    this.busy = false;
    if (this.over) return;
    if (this.lost !== undefined) this.take(this.lost);
    else if (this.waiting.length > 0) this.take(this.waiting.shift()!.item);
    this.settle();
  }

  end(how: string): void {
    if (this.over) return;
    this.ending = how;
    if (how === 'failed') this.finish(how);
    this.settle();
  }

  private take(entry: Entry): void {
    if (typeof entry !== 'number') this.lost = undefined;
    this.got.push(entry);
    this.busy = this.pace !== 'fast';
  }

  private lose(item: number): void {
    this.lost = [this.lost?.[0] ?? item, item + 1];
  }

  private finish(how: string): void {
    this.over = true;
    this.got.push(how);
  }

  private settle(): void {
    if (this.over) return;
    if (this.ending !== undefined && this.waiting.length === 0 && this.lost === undefined) this.finish(this.ending);
    const counted = this.waiting.filter((each) => each.counts).length;
    // A quarter of it, rounded down, is 0 for the capacities of these tests.
    if (this.pace === 'block' && counted >= this.capacity) this.full = true;
    if (counted === 0) this.full = false;
  }
}
