import { Deadlines, type Due } from './deadlines.js';
import type { LeaseEntry } from './lease.js';

/** A lease that is held, where its latest word stands, and when it is over. */
export interface HeldLease extends LeaseEntry, Due {
  /** Number of its latest word among all that was said of leases. */
  readonly at: number;
  /** Whether it was not given up when it was over, because it could not be known. */
  spared?: boolean;
  /** Whether those who may take the stream over were told that it is over. */
  offered?: boolean;
}

/**
 * The leases that are held, a bounded number of them: by whom, which is over first, and which spoke longest ago. Nothing
 * walks through all of them.
 *
 * @internal
 */
export class LeaseBook {
  /** In the order of their latest words. */
  private readonly leases = new Map<string, HeldLease>();
  private readonly deadlines = new Deadlines<HeldLease>();
  /** How many leases each stream has. */
  private readonly streams = new Map<string, number>();

  constructor(private readonly max: number) {}

  get size(): number {
    return this.leases.size;
  }

  /** The lease that is over first. */
  get first(): HeldLease | undefined {
    return this.deadlines.first;
  }

  /** The lease whose latest word is the oldest. */
  get oldest(): HeldLease | undefined {
    const [oldest] = this.leases.values();
    return oldest;
  }

  /** Whether somebody holds a lease on a stream. */
  holds(streamId: string): boolean {
    return this.streams.has(streamId);
  }

  /** The lease of an entry's producer on its stream. */
  get(entry: LeaseEntry): HeldLease | undefined {
    return this.leases.get(keyOf(entry));
  }

  /** Takes note of a lease, instead of what was known of it. False when there are too many. */
  set(lease: HeldLease): boolean {
    this.delete(lease);
    if (this.leases.size >= this.max) return false;
    this.leases.set(keyOf(lease), lease);
    this.deadlines.add(lease);
    this.streams.set(lease.stream, (this.streams.get(lease.stream) ?? 0) + 1);
    return true;
  }

  /** A lease is over at another time. */
  postpone(lease: HeldLease, dueAt: number): void {
    lease.dueAt = dueAt;
    this.deadlines.moved(lease);
  }

  /** Forgets the lease of an entry's producer on its stream. */
  delete(entry: LeaseEntry): void {
    const known = this.get(entry);
    if (known === undefined) return;
    this.leases.delete(keyOf(known));
    this.deadlines.delete(known);
    const others = this.streams.get(known.stream)! - 1;
    if (others === 0) this.streams.delete(known.stream);
    else this.streams.set(known.stream, others);
  }

  clear(): void {
    this.leases.clear();
    this.deadlines.clear();
    this.streams.clear();
  }
}

/** A stream's name holds no line feed. */
function keyOf({ producer, stream }: LeaseEntry): string {
  return `${stream}\n${producer}`;
}
