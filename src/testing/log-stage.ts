import { expect } from 'vitest';
import { createChunk, type EncodedChunk, encodeChunk, type ErrorCode, StreamError } from '../chunk/index.js';
import type { Close, Log, MaybePromise } from '../log/log.js';

/** A log, empty, and what a test needs beside it. */
export interface LogUnderTest {
  readonly log: Log;
  /** Lets time pass for the log. Default: real time is waited for. */
  advance?(ms: number): MaybePromise<void>;
  /** How long a check waits for what must come, in milliseconds. Default 5 000. */
  readonly patienceMs?: number;
  /** Removes what the log leaves behind, after it was disposed of. */
  dispose?(): MaybePromise<void>;
}

const wide = { chunks: 10_000, bytes: 1 << 26 };

/** @internal One log on which one law is checked, and the moves that checks share. */
export class LogStage {
  readonly log: Log;

  constructor(private readonly subject: LogUnderTest) {
    this.log = subject.log;
  }

  /** Creates a stream with these chunks. */
  async stream(streamId: string, chunks: readonly EncodedChunk[] = []): Promise<void> {
    await this.log.create(streamId);
    await this.log.append(streamId, chunks);
  }

  /** Everything that is kept of a stream, read as one run. */
  async kept(streamId: string): Promise<readonly EncodedChunk[]> {
    return (await this.log.read(streamId, 0, wide)).chunks;
  }

  /** Number of the next chunk. */
  async next(streamId: string): Promise<number | undefined> {
    return (await this.log.info(streamId))?.next;
  }

  async advance(ms: number): Promise<void> {
    if (this.subject.advance === undefined) await pause(ms);
    else await this.subject.advance(ms);
  }

  /** Waits until something holds: at once where it does already. */
  async until(what: string, holds: () => MaybePromise<boolean>): Promise<void> {
    const { patienceMs = 5000 } = this.subject;
    for (let waited = 0; !(await holds()); waited += 5) {
      if (waited > patienceMs) expect.fail(`waited ${patienceMs} ms in vain until ${what}`);
      await pause(5);
    }
  }

  async dispose(): Promise<void> {
    await this.log.dispose();
    await this.subject.dispose?.();
  }
}

/** @internal A reader that reads only when it is told to, as `watch` tells it. */
export class Follower {
  readonly chunks: EncodedChunk[] = [];
  end: Close | undefined;
  /** The stream is no longer there. */
  gone = false;
  /** Chunks that were no longer kept when they were to be read. */
  skipped = 0;
  readonly stop: () => void;
  private next = 0;
  private work = Promise.resolve();

  constructor(
    private readonly log: Log,
    private readonly streamId: string,
  ) {
    this.stop = log.watch(streamId, () => {
      this.work = this.work.then(() => this.read());
    });
  }

  private async read(): Promise<void> {
    try {
      let slice;
      do {
        slice = await this.log.read(this.streamId, this.next, { chunks: 3, bytes: 1 << 20 });
        this.skipped += slice.from - this.next;
        this.chunks.push(...slice.chunks);
        this.next = slice.from + slice.chunks.length;
      } while (this.next < slice.next);
      this.end = slice.end;
    } catch {
      this.gone = true;
    }
  }
}

/** @internal A run of text chunks that can be told apart. */
export function texts(from: number, count: number): EncodedChunk[] {
  return Array.from({ length: count }, (_, i) => encoded(`chunk ${from + i}`));
}

/** @internal One chunk as a log takes it. */
export function encoded(data: string | Uint8Array): EncodedChunk {
  return encodeChunk(createChunk({ streamId: 'any', seq: 0, data, timestamp: 1_700_000_000_000 }));
}

/** @internal Expects work to be refused with this code, now or later. Answers the refusal. */
export async function refused(code: ErrorCode, work: () => MaybePromise<unknown>): Promise<StreamError> {
  const thrown = await thrownBy(work);
  expect(thrown, `refused with ${code}`).toBeInstanceOf(StreamError);
  expect((thrown as StreamError).code).toBe(code);
  return thrown as StreamError;
}

/** @internal What work throws or rejects with; `undefined` when it does neither. */
export async function thrownBy(work: () => MaybePromise<unknown>): Promise<unknown> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** @internal Waits for real. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
