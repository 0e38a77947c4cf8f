import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { checkBound, kindOf } from '../../chunk/index.js';
import type { RunEvent } from '../event.js';
import type { Subscriber } from './subscriber.js';

/** Options of {@link fileSubscriber}. */
export interface FileSubscriberOptions {
  /** Largest file, in bytes: before a line that would make it larger, another is begun. A longer line has a file of its own. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Files that are kept beside the one that is written: `runs.ndjson.1` is the latest of them. Default 5. */
  readonly keep?: number;
  /**
   * When what is written is on the disk, whatever happens to the machine: before the next events are taken, when a file is
   * done with, or when the system sees fit. A process that dies loses nothing it has written. Default `rotate`.
   */
  readonly fsync?: 'always' | 'rotate' | 'never';
}

/**
 * Writes events to a file, a line of JSON each (NDJSON), and begins another file when it is full. An existing file is gone on
 * with; half a line that a crash has left at its end is taken away.
 *
 * @example
 * subscribers.attach(fileSubscriber('runs.ndjson', { maxBytes: 10_000_000, keep: 3 }));
 */
export function fileSubscriber<T = RunEvent>(path: string, options: FileSubscriberOptions = {}): Subscriber<T> {
  if (typeof path !== 'string') throw new TypeError(`path must be a string, got ${kindOf(path)}`);
  const { fsync = 'rotate' } = options;
  if (fsync !== 'always' && fsync !== 'rotate' && fsync !== 'never') {
    throw new TypeError('fsync must be "always", "rotate" or "never"');
  }
  const maxBytes = checkBound('maxBytes', options.maxBytes ?? 2 ** 26, { infinite: true });
  const keep = checkBound('keep', options.keep ?? 5, { min: 0 });
  return new RotatingFile<T>(path, { maxBytes, keep, fsync });
}

class RotatingFile<T> implements Subscriber<T> {
  private file: FileHandle | undefined;
  private bytes = 0;

  constructor(
    private readonly path: string,
    private readonly rules: Required<FileSubscriberOptions>,
  ) {}

  async take(events: readonly T[]): Promise<void> {
    let lines: Buffer[] = [];
    let room = await this.room();
    for (const event of events) {
      const line = Buffer.from(`${JSON.stringify(event)}\n`);
      if (line.length > room && this.bytes + lines.length > 0) {
        await this.write(lines);
        await this.rotate();
        lines = [];
        room = await this.room();
      }
      lines.push(line);
      room -= line.length;
    }
    await this.write(lines);
    if (this.rules.fsync === 'always') await this.file!.sync();
  }

  async close(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    if (file === undefined) return;
    try {
      if (this.rules.fsync !== 'never') await file.sync();
    } finally {
      await file.close();
    }
  }

  /** Bytes that still fit. */
  private async room(): Promise<number> {
    if (this.file === undefined) {
      this.file = await open(this.path, 'a+');
      this.bytes = await wholeLines(this.file);
      if (this.rules.fsync === 'always') await syncFolder(this.path);
    }
    return this.rules.maxBytes - this.bytes;
  }

  private async write(lines: readonly Buffer[]): Promise<void> {
    const bytes = Buffer.concat(lines);
    await this.file!.appendFile(bytes);
    this.bytes += bytes.length;
  }

  /** The file becomes the first of those that are kept; each of them one more. */
  private async rotate(): Promise<void> {
    await this.close();
    const { path } = this;
    const { keep } = this.rules;
    const nameOf = (n: number): string => (n === 0 ? path : `${path}.${n}`);
    if (keep === 0) await rm(path);
    for (let n = keep; n > 0; n--) await moved(nameOf(n - 1), nameOf(n));
  }
}

/** Takes half a line at the end of a file away. Answers how long it is then. */
async function wholeLines(file: FileHandle): Promise<number> {
  const { size } = await file.stat();
  const piece = Buffer.alloc(65_536);
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - piece.length);
    const { bytesRead } = await file.read(piece, 0, end - start, start);
    const at = piece.subarray(0, bytesRead).lastIndexOf(10);
    if (at >= 0) {
      if (start + at + 1 < size) await file.truncate(start + at + 1);
      return start + at + 1;
    }
    end = start;
  }
  if (size > 0) await file.truncate(0);
  return 0;
}

async function moved(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    // There were not so many yet.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** A new name is on the disk only when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
