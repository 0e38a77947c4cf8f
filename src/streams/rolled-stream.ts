import type { SchedulerLike } from 'rxjs';
import {
  createChunk,
  decodeChunk,
  encodeChunk,
  type EncodedChunk,
  snapshotKey,
  StreamError,
  type StreamInfo,
} from '../chunk/index.js';
import type { Log, LogSlice } from '../log/log.js';
import type { Fold } from './fold.js';
import type { KeptSnapshot, SnapshotStore } from './snapshot-store.js';

/** What the chunks below a number come to. */
export interface Snapshot {
  /** Of all streams that ever had the name, the one whose chunks they are. */
  readonly life: string;
  /** Number of the first chunk that is not in it. */
  readonly seq: number;
  /** What the others come to. Its own number is `seq - 1`. */
  readonly chunk: EncodedChunk;
}

/** How a stream is rolled up. */
export interface RollingRules {
  readonly fold: Fold;
  /** Most encoded bytes of a snapshot. */
  readonly maxBytes: number;
  /** Chunks between two snapshots that are kept, at least. */
  readonly everyChunks: number;
  readonly scheduler: SchedulerLike;
}

/** Chunks, and encoded bytes of them, taken from the log at a time. */
const limit = { chunks: 1024, bytes: 1 << 20 };
/** Reads after which others get their turn. */
const breath = 16;

/**
 * One stream, as far as it is rolled up: what its chunks come to is kept in memory, and saved now and then, so that the next
 * process need not begin at the first chunk.
 *
 * @internal
 */
export class RolledStream {
  /** Number of the first chunk that is not folded, and of the first one that is. */
  private next = 0;
  private from = 0;
  private state: unknown;
  /** Of the newest chunk that is folded. */
  private timestamp = 0;
  private final = false;
  private loaded = false;
  /** All of the stream has been folded. */
  private ended = false;
  /** A chunk did not fit the fold, or the whole became too large: there will be no other snapshot than the last one made. */
  private stuck = false;
  /** The snapshot last made. */
  private made: Snapshot | undefined;
  /** Where the snapshot stands that was saved, and whether it is the last. */
  private saved = 0;
  private savedLast = false;
  private catchingUp: Promise<void> | undefined;
  private again: Promise<void> | undefined;

  constructor(
    private readonly log: Log,
    readonly info: Pick<StreamInfo, 'streamId' | 'life'>,
    private readonly rules: RollingRules,
    private readonly store: SnapshotStore,
  ) {
    this.state = rules.fold.initial;
  }

  /** Whether all is saved, and nothing more will come. */
  get done(): boolean {
    return this.over && this.savedLast;
  }

  private get over(): boolean {
    return this.ended || this.stuck;
  }

  /** Folds what has come. Calls at the same time share the work, but none is answered by a look older than itself. */
  catchUp(): Promise<void> {
    if (this.catchingUp === undefined) {
      this.catchingUp = this.foldAll().finally(() => (this.catchingUp = undefined));
      return this.catchingUp;
    }
    const again = (): Promise<void> => {
      this.again = undefined;
      return this.catchUp();
    };
    this.again ??= this.catchingUp.then(again, again);
    return this.again;
  }

  /** What has been folded; `undefined` where that is nothing. */
  get snapshot(): Snapshot | undefined {
    if (this.made?.seq !== this.next) this.make();
    return this.made;
  }

  /**
   * Saves a snapshot when that is worth it: when there is much more in it than in the last one, or nothing more will come.
   *
   * @param always - also when there is little more in it
   */
  async save(always = false): Promise<void> {
    // A share of the whole, so that a long stream is not written again and again: all its snapshots together take a few
    // times what the last one takes.
    const worth = always ? 1 : Math.max(this.rules.everyChunks, this.saved / 8);
    const { over } = this;
    if (this.next - this.saved < worth && (!over || this.savedLast)) return;
    const { snapshot } = this;
    try {
      if (snapshot !== undefined) await this.store.write(snapshot.chunk, snapshot.seq, over);
      this.saved = Math.max(this.saved, snapshot?.seq ?? 0);
      this.savedLast ||= over;
    } catch (error) {
      if (!(error instanceof StreamError) || error.code !== 'chunk-too-large') throw error;
      // It only becomes larger.
      this.saved = Infinity;
      this.savedLast = true;
    }
  }

  /** Number below which all is in the snapshot that was saved. */
  get savedTo(): number {
    return this.saved === Infinity ? 0 : this.saved;
  }

  private async foldAll(): Promise<void> {
    if (!this.loaded) await this.load();
    let target = Infinity;
    for (let reads = 1; !this.over && this.next < target; reads++) {
      const slice = await this.log.read(this.info.streamId, this.next, limit);
      if (slice.life !== this.info.life) throw notFound(this.info.streamId);
      // As far as it was when asked: a fast producer must not keep who asks waiting.
      target = Math.min(target, slice.next);
      if (slice.next < this.next) await this.begin();
      else this.take(slice);
      if (this.next >= slice.next && slice.end !== undefined) this.ended = true;
      if (reads % breath === 0) await this.pause();
    }
  }

  private async load(): Promise<void> {
    const kept = await this.store.read();
    if (kept !== undefined) this.restore(kept);
    this.loaded = true;
  }

  private restore({ mark, chunk, encoded }: KeptSnapshot): void {
    try {
      this.state = this.rules.fold.decode(chunk);
    } catch {
      // Not a snapshot of this fold, whatever it says: then from the beginning.
      return;
    }
    this.next = this.saved = mark.seq;
    this.from = mark.from;
    this.timestamp = chunk.timestamp;
    this.final = chunk.final;
    this.made = { life: this.info.life, seq: this.next, chunk: encoded };
  }

  /** There are fewer chunks than were folded: the log has lost some, and what comes in their place is not the same. */
  private async begin(): Promise<void> {
    await this.store.delete();
    this.made = undefined;
    this.saved = this.next = this.from = 0;
    this.state = this.rules.fold.initial;
  }

  private take(slice: LogSlice): void {
    if (slice.from > this.next) {
      // Chunks were gone before they were folded: readers are told, as they are without a snapshot.
      if (this.next > this.from) return this.stop();
      this.next = this.from = slice.from;
    }
    for (const encoded of slice.chunks) {
      const chunk = decodeChunk(this.info.streamId, this.next, encoded);
      try {
        this.state = this.rules.fold.fold(this.state, chunk);
      } catch {
        return this.stop();
      }
      this.timestamp = chunk.timestamp;
      this.final = chunk.final;
      this.next++;
    }
  }

  private stop(): void {
    this.make();
    this.giveUp();
  }

  private giveUp(): void {
    this.stuck = true;
    this.state = undefined;
    this.next = this.made?.seq ?? 0;
  }

  private make(): void {
    if (this.stuck || this.next === this.from) return;
    try {
      const chunk = this.encode();
      if (chunk === undefined) return;
      if (chunk.length <= this.rules.maxBytes) this.made = { life: this.info.life, seq: this.next, chunk };
      else this.giveUp();
    } catch {
      this.giveUp();
    }
  }

  private encode(): EncodedChunk | undefined {
    const { fold } = this.rules;
    const { info, next: seq, from, timestamp, final } = this;
    const content = fold.encode(this.state);
    if (content === undefined) return undefined;
    const metadata = { [snapshotKey]: { fold: fold.name, from, seq } };
    return encodeChunk(createChunk({ ...content, streamId: info.streamId, seq: seq - 1, timestamp, final, metadata }));
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => void this.rules.scheduler.schedule(() => resolve()));
  }
}

function notFound(streamId: string): StreamError {
  return new StreamError('stream-not-found', `the stream "${streamId}" was removed`, { streamId });
}
