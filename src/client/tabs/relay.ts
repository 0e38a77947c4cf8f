import type { ReadClient } from '../read-client.js';
import type { Seat } from './seat.js';
import { Source } from './source.js';

/**
 * One stream, for all tabs that read it: read once where they are near each other. Who is far behind has a source of his own until
 * he has caught up, so that nobody waits for another, and no chunk is read twice for the same tab.
 *
 * @internal
 */
export class Relay {
  readonly #sources = new Set<Source>();

  readonly #streamId: string;
  readonly #client: ReadClient;

  constructor(streamId: string, client: ReadClient) {
    this.#streamId = streamId;
    this.#client = client;
  }

  /** Whether nobody reads it. */
  get unused(): boolean {
    return this.#sources.size === 0;
  }

  join(seat: Seat): void {
    // What the chunks so far come to only the server knows: for who wants a snapshot, all of them say the same.
    const from = seat.from === 'snapshot' ? 'beginning' : seat.from;
    const known = [...this.#sources].find((source) => source.serves(from));
    (known ?? this.#begin(from)).seat(seat);
  }

  #begin(from: Exclude<Seat['from'], 'snapshot'>): Source {
    const source = new Source(this.#streamId, from, this.#client, () => this.#settle());
    this.#sources.add(source);
    return source;
  }

  leave(seat: Seat): void {
    for (const source of this.#sources) {
      source.seats.delete(seat);
      this.#drop(source);
    }
  }

  /** A tab takes more. */
  flush(seat: Seat): void {
    for (const source of this.#sources) {
      if (!source.seats.has(seat)) continue;
      // It has fallen behind what is kept.
      if (seat.cursor !== undefined && !source.has(seat.cursor)) this.#move(seat, source, this.#begin(seat.cursor));
      else source.flush();
      return;
    }
  }

  /**
   * A source has moved: who is where an older one is goes over to that. To the older, because the first has the client's
   * own connection, and a further one has one that ends with it.
   */
  #settle(): void {
    const sources = [...this.#sources];
    for (const [at, source] of sources.entries()) {
      for (const seat of source.seats) {
        const older = sources.slice(0, at).find((other) => seat.cursor !== undefined && other.has(seat.cursor));
        if (older !== undefined) this.#move(seat, source, older);
      }
      this.#drop(source);
    }
  }

  #move(seat: Seat, from: Source, to: Source): void {
    from.seats.delete(seat);
    to.seat(seat);
    this.#drop(from);
  }

  #drop(source: Source): void {
    if (source.seats.size > 0 || !this.#sources.delete(source)) return;
    source.stop();
  }
}
