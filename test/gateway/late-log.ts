import type { EncodedChunk, StreamInfo } from '../../src/chunk/index.js';
import type { Appended, AppendOptions, Log, LogSlice, ReadLimit, StreamConfig } from '../../src/log/log.js';
import { createMemoryLog, type MemoryLogOptions } from '../../src/log/memory.js';

interface Pending {
  readonly line: string;
  readonly settle: () => void;
}

/**
 * A log whose answers come late, when the test says, in any order: what is appended to one stream keeps its order, reads
 * overtake each other. A read may have looked before or after what happened meanwhile.
 */
export class LateLog implements Log {
  readonly inner;
  /** Reads so far. */
  reads = 0;
  /** Listeners at the moment. */
  watchers = 0;
  /** Thrown by the next reads. */
  failure: Error | undefined;
  private pending: Pending[] = [];

  /** @param random - from 0 up to 1: decides on the order */
  constructor(
    private readonly random: () => number = () => 0,
    options?: MemoryLogOptions,
  ) {
    this.inner = createMemoryLog(options);
  }

  /** Answers one question. False when there was none. */
  answerOne(): boolean {
    const first = new Map<string, Pending>();
    for (const one of this.pending) if (!first.has(one.line)) first.set(one.line, one);
    const next = [...first.values()][Math.floor(this.random() * first.size)];
    if (next === undefined) return false;
    this.pending.splice(this.pending.indexOf(next), 1);
    next.settle();
    return true;
  }

  private later<T>(line: string, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      };
      this.pending.push({ line, settle });
    });
  }

  append(streamId: string, batch: readonly EncodedChunk[], options?: AppendOptions): Promise<Appended> {
    return this.later(streamId, () => this.inner.append(streamId, batch, options));
  }

  read(streamId: string, from: number, limit: ReadLimit): Promise<LogSlice> {
    const line = `read ${this.reads++}`;
    const look = (): LogSlice => {
      if (this.failure !== undefined) throw this.failure;
      return this.inner.read(streamId, from, limit);
    };
    if (this.random() < 0.5) return this.later(line, look);
    try {
      const seen = look();
      return this.later(line, () => seen);
    } catch (error) {
      return this.later(line, () => {
        throw error;
      });
    }
  }

  create(streamId: string, config?: StreamConfig): Promise<void> {
    return this.later(streamId, () => this.inner.create(streamId, config));
  }

  info(streamId: string): Promise<StreamInfo | undefined> {
    return this.later(streamId, () => this.inner.info(streamId));
  }

  trim(streamId: string, before: number): Promise<void> {
    return this.later(streamId, () => this.inner.trim(streamId, before));
  }

  delete(streamId: string): Promise<void> {
    return this.later(streamId, () => this.inner.delete(streamId));
  }

  list(prefix?: string): Promise<readonly StreamInfo[]> {
    return this.later('', () => this.inner.list(prefix));
  }

  watch(streamId: string, listener: () => void): () => void {
    this.watchers++;
    const stop = this.inner.watch(streamId, listener);
    return () => {
      this.watchers--;
      stop();
    };
  }

  async dispose(): Promise<void> {
    this.inner.dispose();
  }
}
