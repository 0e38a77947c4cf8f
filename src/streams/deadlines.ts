/** Something that is due at a time. */
export interface Due {
  /** When, in milliseconds. */
  dueAt: number;
  /** Where it stands among the others. Kept by {@link Deadlines} alone. */
  place: number;
}

/**
 * What is due when, soonest first: a heap that knows where each thing stands, so that adding, moving and removing one of
 * 100 000 takes a handful of steps.
 *
 * @internal
 */
export class Deadlines<T extends Due> {
  private readonly heap: T[] = [];

  /** What is due first. */
  get first(): T | undefined {
    return this.heap[0];
  }

  /** Adds a thing that is not there. */
  add(thing: T): void {
    this.heap.push(thing);
    this.rise(thing, this.heap.length - 1);
  }

  /** A thing's time has changed. */
  moved(thing: T): void {
    this.rise(thing, thing.place);
    this.sink(thing, thing.place);
  }

  /** Takes a thing out that is there. */
  delete(thing: T): void {
    const last = this.heap.pop()!;
    if (last === thing) return;
    last.place = thing.place;
    this.moved(last);
  }

  /** Takes everything out. */
  clear(): void {
    this.heap.length = 0;
  }

  private rise(thing: T, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.heap[above]!;
      if (parent.dueAt <= thing.dueAt) break;
      this.put(parent, place);
      place = above;
    }
    this.put(thing, place);
  }

  private sink(thing: T, from: number): void {
    let place = from;
    for (;;) {
      const child = this.soonerChild(place);
      if (child === undefined || child.dueAt >= thing.dueAt) break;
      const below = child.place;
      this.put(child, place);
      place = below;
    }
    this.put(thing, place);
  }

  private soonerChild(place: number): T | undefined {
    const left = this.heap[place * 2 + 1];
    const right = this.heap[place * 2 + 2];
    return right !== undefined && right.dueAt < left!.dueAt ? right : left;
  }

  private put(thing: T, place: number): void {
    this.heap[place] = thing;
    thing.place = place;
  }
}
