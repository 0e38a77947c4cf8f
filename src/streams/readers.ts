/** Somebody who reads a stream, or several at once. */
export interface Reader {
  /** Number of the next chunk that the slowest of them is to get; `undefined` when nobody is waited for. */
  next(): number | undefined;
}

/**
 * How far the readers of streams are: those in this process, and those behind a gateway on the same streams. A chunk counts
 * as read when the consumer has it, or a link has taken it within the credit that its reader gave.
 */
export class Readers {
  private readonly readers = new Map<string, Set<Reader>>();
  private readonly watchers = new Map<string, Set<() => void>>();

  /** Adds a reader. @returns takes it out */
  add(streamId: string, reader: Reader): () => void {
    return this.enter(this.readers, streamId, reader, () => this.moved(streamId));
  }

  /** A reader has got further, or left. */
  moved(streamId: string): void {
    // Nearly always nobody wants to know.
    if (this.watchers.size === 0) return;
    for (const watcher of [...(this.watchers.get(streamId) ?? [])]) call(watcher);
  }

  /** Number of the next chunk for the slowest reader; `undefined` when nobody reads. */
  slowest(streamId: string): number | undefined {
    let slowest: number | undefined;
    for (const reader of this.readers.get(streamId) ?? []) {
      const next = reader.next();
      if (next !== undefined && (slowest === undefined || next < slowest)) slowest = next;
    }
    return slowest;
  }

  /** The streams that somebody is waited for on, with the number of the next chunk for the slowest. */
  *all(): IterableIterator<{ readonly streamId: string; readonly next: number }> {
    for (const streamId of this.readers.keys()) {
      const next = this.slowest(streamId);
      if (next !== undefined) yield { streamId, next };
    }
  }

  /** Calls back whenever a reader may have got further, or left. @returns stops the calls */
  watch(streamId: string, callback: () => void): () => void {
    return this.enter(this.watchers, streamId, callback, () => {});
  }

  private enter<T>(lists: Map<string, Set<T>>, streamId: string, entry: T, left: () => void): () => void {
    const list = lists.get(streamId) ?? new Set();
    lists.set(streamId, list.add(entry));
    return () => {
      if (!list.delete(entry)) return;
      if (list.size === 0 && lists.get(streamId) === list) lists.delete(streamId);
      left();
    };
  }
}

/** One that throws is a defect: it surfaces as unhandled, and neither the reader nor the others come to harm. */
function call(watcher: () => void): void {
  try {
    watcher();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
