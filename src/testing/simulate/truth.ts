import type { EncodedChunk } from '../../chunk/index.js';
import type { AppendOptions, Close, Log } from '../../log/log.js';
import type { MemoryLog } from '../../log/memory.js';
import { wrapLog } from '../../streams/wrap-log.js';
import type { Tell } from './finding.js';

/** @internal A chunk that was given to `publish`. */
export interface Written {
  readonly writer: string;
  readonly at: number;
  /** Its number among those of its writer. */
  readonly index: number;
  /** When it was kept, and its number in the stream; `undefined` as long as it is not. */
  kept: { readonly at: number; readonly seq: number } | undefined;
}

/** @internal What is true of one stream, whatever anybody says. */
export interface StreamTruth {
  readonly name: string;
  /** Every chunk that was ever kept. */
  readonly chunks: { readonly encoded: EncodedChunk; readonly written: Written | undefined }[];
  /** Lower numbers are no longer kept. */
  first: number;
  /** When the log let go of chunks, and what was the first one then. */
  readonly trims: { readonly at: number; readonly first: number }[];
  end: Close | undefined;
  /** Somebody was told to end it: who writes on is refused, perhaps before it has ended. */
  closing: boolean;
  /** Somebody has written a chunk that no message can hold. */
  oversized: boolean;
}

/**
 * Watches the log from within: what was written, what was kept and under which number. Everything else is judged by it.
 *
 * @internal
 */
export class Truth {
  /** The log, watched: for the server. */
  readonly log: Log;
  /** How many listeners the log has. */
  watchers = 0;
  private readonly streams = new Map<string, StreamTruth>();
  private readonly written = new Map<string, Written>();
  /** The chunk kept last of each writer. */
  private readonly newest = new Map<string, Written>();

  constructor(
    private readonly memory: MemoryLog,
    private readonly now: () => number,
    private readonly tell: Tell,
  ) {
    this.log = wrapLog(memory, {
      append: (stream, batch, options) => this.append(stream, batch, options),
      watch: (stream, listener) => this.watch(stream, listener),
    });
  }

  /** A stream there is from the beginning. */
  create(name: string): void {
    this.memory.create(name);
    this.streams.set(name, { name, chunks: [], first: 0, trims: [], end: undefined, closing: false, oversized: false });
  }

  of(name: string): StreamTruth {
    return this.streams.get(name)!;
  }

  /** Notes a chunk that is about to be published. */
  writes(writer: string, index: number, encoded: EncodedChunk): Written {
    const written = { writer, index, at: this.now(), kept: undefined };
    this.written.set(identity(encoded), written);
    return written;
  }

  /** Lets go of all but the newest chunks. */
  trim(name: string, keep: number): void {
    const stream = this.of(name);
    stream.first = Math.max(stream.first, stream.chunks.length - keep);
    stream.trims.push({ at: this.now(), first: stream.first });
    this.memory.trim(name, stream.first);
  }

  private append(name: string, batch: readonly EncodedChunk[], options?: AppendOptions) {
    const appended = this.memory.append(name, batch, options);
    const stream = this.of(name);
    if (appended.ended) stream.end = options?.close;
    if (appended.first !== stream.chunks.length && appended.next !== appended.first) {
      this.tell({
        at: this.now(),
        what: `the log gave number ${appended.first} to chunk ${stream.chunks.length}`,
        stream: name,
      });
    }
    for (const encoded of batch.slice(appended.duplicates)) this.keep(stream, encoded);
    return appended;
  }

  private keep(stream: StreamTruth, encoded: EncodedChunk): void {
    const seq = stream.chunks.length;
    const written = this.written.get(identity(encoded));
    stream.chunks.push({ encoded, written });
    const about = { at: this.now(), stream: stream.name, seq };
    if (written === undefined) return this.tell({ ...about, what: `the log keeps a chunk ${seq} that nobody wrote` });
    if (written.kept !== undefined) {
      return this.tell({ ...about, what: `the log keeps chunk ${written.kept.seq} once more, as ${seq}` });
    }
    written.kept = { at: this.now(), seq };
    const before = this.newest.get(written.writer);
    this.newest.set(written.writer, written);
    if (before === undefined || before.index < written.index) return undefined;
    return this.tell({
      ...about,
      what: `the log keeps ${written.writer}'s chunk ${written.index} behind its ${before.index}`,
    });
  }

  private watch(stream: string, listener: () => void): () => void {
    const stop = this.memory.watch(stream, listener);
    let active = true;
    this.watchers++;
    return () => {
      if (active) this.watchers--;
      active = false;
      stop();
    };
  }
}

/** Every chunk written in a run is different, so what it is tells which it is. */
export function identity({ head, bytes }: EncodedChunk): string {
  return bytes === undefined ? head : head + String.fromCharCode(...bytes);
}
