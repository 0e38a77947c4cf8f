import { type EncodedChunk, type JsonValue, StreamError } from '../chunk/index.js';
import type { Log, LogSlice, MaybePromise } from '../log/log.js';
import { encodeJson } from './body.js';

/** @internal How a ledger's state follows from its entries. */
export interface LedgerBook<State, Entry> {
  readonly start: () => State;
  /** Takes an entry in: changes the state. What it does not know it leaves out. */
  readonly apply: (state: State, entry: Entry) => void;
  /** Entries from which the same state follows. */
  readonly sum: (state: State) => readonly Entry[];
}

const page = { chunks: 4096, bytes: 4 << 20 };
/** With so many entries behind the sum, it is drawn up anew. */
const maxEntries = 1024;
const maxAttempts = 100;

/**
 * @internal Books kept in a stream of a log: entries are appended on condition that nobody else has, so that all who share
 * the log agree. The state is remembered, and only what is new is read. Every so often the sum is written, and what it
 * replaces is forgotten.
 */
export class Ledger<State, Entry extends JsonValue> {
  private state: State;
  private next = 0;
  /** Entries since the sum. */
  private count = 0;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly log: Log,
    readonly name: string,
    private readonly book: LedgerBook<State, Entry>,
    private readonly now: () => number,
  ) {
    this.state = book.start();
  }

  /** The state as it is now. Not to be changed, nor kept. */
  read(): Promise<State> {
    return this.alone(() => this.catchUp());
  }

  /**
   * Decides on the state as it is, and enters what was decided. Decides anew where somebody else was quicker.
   *
   * @returns what was decided
   */
  enter<T>(
    decide: (state: State) => MaybePromise<{ readonly entries: readonly Entry[]; readonly result: T }>,
  ): Promise<T> {
    return this.alone(async () => {
      for (let attempt = 0; attempt < maxAttempts; attempt++) {
        const { entries, result } = await decide(await this.catchUp());
        if (entries.length === 0 || (await this.append(entries))) return result;
      }
      throw new StreamError('overflow', `too many write to the ledger "${this.name}" at a time`, {
        streamId: this.name,
      });
    });
  }

  /** One at a time: a decision rests on the state it was shown. */
  private alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work, work);
    this.turn = done.catch(() => {});
    return done;
  }

  private async catchUp(): Promise<State> {
    for (;;) {
      const slice = await this.slice();
      if (slice === undefined) return this.state;
      for (const chunk of slice.chunks) this.take(chunk);
      this.next = slice.from + slice.chunks.length;
      if (this.next >= slice.next) return this.state;
    }
  }

  /** What is new; nothing where there is no ledger. */
  private async slice(): Promise<LogSlice | undefined> {
    try {
      const slice = await this.log.read(this.name, this.next, page);
      // Fewer entries than were read: it was removed, and made anew.
      if (slice.next >= this.next) return slice;
      this.forget();
      return await this.log.read(this.name, 0, page);
    } catch (error) {
      if (!(error instanceof StreamError) || error.code !== 'stream-not-found') throw error;
      this.forget();
      return undefined;
    }
  }

  private forget(): void {
    this.state = this.book.start();
    this.next = this.count = 0;
  }

  private take(chunk: EncodedChunk): void {
    const { data } = JSON.parse(chunk.head) as { data?: { readonly sum?: readonly Entry[]; readonly entry?: Entry } };
    if (data?.sum !== undefined) {
      this.state = this.book.start();
      this.count = 0;
      for (const entry of data.sum) this.book.apply(this.state, entry);
    } else if (data?.entry !== undefined) {
      this.count++;
      this.book.apply(this.state, data.entry);
    }
  }

  /** Answers whether the entries were kept: not when others were before. */
  private async append(entries: readonly Entry[]): Promise<boolean> {
    const timestamp = this.now();
    const batch = entries.map((entry) => encodeJson({ entry }, { timestamp }));
    try {
      if (this.next === 0) await this.log.create(this.name, { contentType: 'application/json', ttlMs: Infinity });
      await this.log.append(this.name, batch, { at: this.next });
    } catch (error) {
      if (error instanceof StreamError && error.code === 'append-conflict') return false;
      throw error;
    }
    for (const chunk of batch) this.take(chunk);
    this.next += batch.length;
    if (this.count >= maxEntries) await this.draw(timestamp);
    return true;
  }

  /** Writes the sum. Should that fail, or another do it first, the entries say the same. */
  private async draw(timestamp: number): Promise<void> {
    const sum = encodeJson({ sum: this.book.sum(this.state) }, { timestamp });
    try {
      await this.log.append(this.name, [sum], { at: this.next });
      this.next++;
      this.count = 0;
      await this.log.trim(this.name, this.next - 1);
    } catch {
      this.count = 0;
    }
  }
}
