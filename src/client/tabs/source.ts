import type { Chunk, JoinPosition } from '../../chunk/index.js';
import type { ReadClient } from '../read-client.js';
import type { Seat } from './seat.js';

/** How many of the newest chunks are kept for tabs that are a little behind, and of how many bytes. */
const maxKept = 1024;
const maxKeptBytes = 4 << 20;

/**
 * One reading of a stream, for all tabs that are near the same place. It reads as fast as the fastest of them takes.
 *
 * @internal
 */
export class Source {
  readonly seats = new Set<Seat>();
  readonly #chunks: AsyncIterator<Chunk>;
  #kept: Chunk[] = [];
  #keptBytes = 0;
  /** Number of the next chunk, once that is known. */
  #position: number | undefined;
  #pulling = false;
  #over: { readonly error?: unknown } | undefined;
  /** Whether what is kept begins where it began. */
  #whole = true;
  #stopped = false;

  /** @param moved - called when it has read on, or has ended */
  readonly #from: JoinPosition;
  readonly #moved: () => void;

  constructor(streamId: string, from: JoinPosition, client: ReadClient, moved: () => void) {
    this.#from = from;
    this.#moved = moved;
    this.#position = typeof from === 'number' ? from : undefined;
    // In a turn of its own: whoever moves on by it may end this very reading.
    const joined = (seq: number): void => queueMicrotask(() => this.#joined(seq));
    this.#chunks = client.read(streamId, { from, onGap: 'skip', joined });
  }

  /** Whether it may take a tab that begins there. What is now only the server knows, at each time anew. */
  serves(from: JoinPosition): boolean {
    if (typeof from === 'number') return this.has(from);
    return from === 'beginning' && from === this.#from && this.#whole;
  }

  /** Whether it can go on from a chunk's number. */
  has(seq: number): boolean {
    return this.#position !== undefined && this.#keptFrom <= seq && seq <= this.#position;
  }

  get #keptFrom(): number {
    return this.#kept[0]?.seq ?? this.#position!;
  }

  /** Takes a tab: one that is new, or comes from another source. */
  seat(seat: Seat): void {
    this.seats.add(seat);
    if (this.#position === undefined) this.#pull();
    else if (seat.cursor === undefined) seat.sit(this.#startOf(seat.from));
    this.flush();
  }

  #startOf(from: JoinPosition): number {
    return typeof from === 'number' ? from : this.#keptFrom;
  }

  /** Gives every tab what it takes, and reads on when one takes more. */
  flush(): void {
    for (const seat of this.seats) this.#serve(seat);
    for (const { hungry } of this.seats) if (hungry) this.#pull();
  }

  #serve(seat: Seat): void {
    const { cursor } = seat;
    if (cursor === undefined || !this.has(cursor)) return;
    seat.take(this.#kept.slice(this.#kept.findLastIndex(({ seq }) => seq < cursor) + 1));
    if (this.#over === undefined || seat.cursor! < this.#position!) return;
    this.seats.delete(seat);
    if (this.#over.error === undefined) seat.end();
    else seat.fail(this.#over.error);
  }

  #pull(): void {
    if (this.#pulling || this.#over !== undefined) return;
    this.#pulling = true;
    this.#chunks.next().then(
      ({ done, value }) => (done === true ? this.#ended({}) : this.#arrived(value)),
      (error: unknown) => this.#ended({ error }),
    );
  }

  #arrived(chunk: Chunk): void {
    if (this.#stopped) return;
    for (const seat of this.seats) {
      if (seat.cursor! >= this.#position! && seat.cursor! < chunk.seq) seat.skip(chunk.seq);
    }
    this.#kept.push(chunk);
    this.#keptBytes += chunk.size;
    this.#position = chunk.seq + 1;
    this.#pulling = false;
    this.flush();
    while (this.#kept.length > 1 && (this.#kept.length > maxKept || this.#keptBytes > maxKeptBytes)) {
      this.#keptBytes -= this.#kept.shift()!.size;
      this.#whole = false;
    }
    this.#moved();
  }

  #ended(over: { readonly error?: unknown }): void {
    if (this.#stopped) return;
    this.#over = over;
    this.#locate(0);
    this.flush();
    this.#moved();
  }

  #joined(seq: number): void {
    if (this.#stopped || this.#position !== undefined) return;
    this.#locate(seq);
    this.flush();
    this.#moved();
  }

  /** It is known where it begins. */
  #locate(first: number): void {
    if (this.#position !== undefined) return;
    this.#position = first;
    for (const seat of this.seats) seat.sit(first);
  }

  stop(): void {
    this.#stopped = true;
    void this.#chunks.return!();
  }
}
