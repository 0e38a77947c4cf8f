import type { EncodedChunk } from '../../chunk/index.js';
import type { Appended, AppendOptions, Producer } from '../log.js';
import type { RedisArgument } from './client.js';

/** @internal Bounds of the streams of a log in Redis, as the scripts take them. */
export interface RedisBounds {
  readonly ttlMs: number;
  readonly maxChunks: number;
  readonly maxProducers: number;
  readonly maxChunkBytes: number;
}

/** @internal An append, as far as it says what is to be kept. */
export interface Wanted {
  readonly batch: readonly EncodedChunk[];
  readonly options: AppendOptions;
}

/** What appends of one producer, one behind the other, lead from and to. */
interface Run {
  /** Where its stream keeps what it knows of the producer. */
  readonly field: string;
  readonly epoch: number;
  readonly seq: number;
  behind: number;
}

/**
 * @internal Appends to one stream with nothing to decide about: chunks, and producers that go on where they were. Nearly all
 * are such, and Redis has a short script for them, which keeps all of a group or nothing. What is known here is only what is
 * worth asking: whether it is so, the script sees for itself.
 */
export class PlainAppends {
  /** Producers that have appended here, and their epochs: as many as a stream may have, and then it begins anew. */
  private readonly known = new Map<string, number>();

  constructor(private readonly bounds: Pick<RedisBounds, 'maxChunks' | 'maxChunkBytes' | 'maxProducers'>) {}

  /** What the short script takes of these appends, or `undefined` where it would refuse them. */
  values(group: readonly Wanted[]): RedisArgument[] | undefined {
    const runs = this.runs(group);
    const step = this.step(group);
    const lives = livesOf(group);
    // With two of them some are for a stream that is no more.
    if (runs === undefined || step === undefined || lives.length > 1) return undefined;
    const values: RedisArgument[] = [`${Date.now()}`, `${this.bounds.maxChunks}`, `${step}`];
    values.push(`${runs.length + lives.length}`, `${runs.length}`);
    for (const { field } of runs) values.push(field);
    if (lives.length > 0) values.push('life');
    for (const { epoch, seq } of runs) values.push(`${epoch}:${seq}`);
    values.push(...lives);
    for (const { field, epoch, behind } of runs) values.push(field, `${epoch}:${behind}`);
    for (const { batch } of group) {
      for (const { head, size, bytes } of batch) {
        values.push(head, `${size}`);
        if (step === 3) values.push(bytes === undefined ? '' : asBuffer(bytes));
      }
    }
    return values;
  }

  /** How many arguments each chunk takes. */
  private step(group: readonly Wanted[]): 2 | 3 | undefined {
    let step: 2 | 3 = 2;
    for (const { batch } of group) {
      for (const { bytes, length } of batch) {
        if (length > this.bounds.maxChunkBytes) return undefined;
        if (bytes === undefined) continue;
        // Bytes that are empty would look as if there were none.
        if (bytes.length === 0) return undefined;
        step = 3;
      }
    }
    return step;
  }

  private runs(group: readonly Wanted[]): readonly Run[] | undefined {
    const runs = new Map<string, Run>();
    for (const { batch, options } of group) {
      const { producer, close, at } = options;
      if (batch.length === 0 || close !== undefined || at !== undefined) return undefined;
      if (producer === undefined) continue;
      const { id, epoch, seq } = producer;
      if (this.known.get(id) !== epoch) return undefined;
      const run = runs.get(id);
      const behind = behindOf(producer, batch.length);
      if (run === undefined) runs.set(id, { field: `p:${id}`, epoch, seq, behind });
      else if (run.behind === seq) run.behind = behind;
      else return undefined;
    }
    return [...runs.values()];
  }

  /** A producer has appended. */
  know({ id, epoch }: Producer): void {
    if (this.known.get(id) === epoch) return;
    if (this.known.size >= this.bounds.maxProducers) this.known.clear();
    this.known.set(id, epoch);
  }
}

/** @internal What an append has done that the short script has kept behind `first` chunks. */
export function plainlyAppended({ batch, options: { producer } }: Wanted, first: number): Appended {
  const next = first + batch.length;
  if (producer === undefined) return { first, next, duplicates: 0, ended: false };
  return { first, next, duplicates: 0, ended: false, expected: behindOf(producer, batch.length) };
}

/** The lives that appends are for, each once. */
function livesOf(group: readonly Wanted[]): readonly string[] {
  const lives: string[] = [];
  for (const { options } of group) {
    const { life } = options;
    if (life !== undefined && !lives.includes(life)) lives.push(life);
  }
  return lives;
}

/** The number that comes behind an append. */
function behindOf({ seq, counts }: Producer, count: number): number {
  return seq + (counts === 'appends' ? 1 : count);
}

/** @internal The same bytes, as a client takes them. */
export function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
