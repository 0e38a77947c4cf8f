import { StreamError } from '../../src/chunk/index.js';
import type { Log } from '../../src/log/log.js';
import { briefLength, chunkOf, chunksOf, originOf, type Said } from './workload.js';

const wide = { chunks: 1000, bytes: 1 << 24 };

/** All that a log has promised, and what is missing of it. */
export class Acknowledged {
  /** Chunks kept of every producer, by stream. */
  private readonly producers = new Map<string, Map<string, number>>();
  /** Chunks seen, by stream. */
  private readonly seen = new Map<string, number>();
  /** The last that was said of a stream's life. */
  private readonly lives = new Map<string, 'created' | 'ended' | 'removing' | 'removed'>();

  /** How many chunks were acknowledged. */
  get count(): number {
    const counts = [...this.producers.values()].flatMap((each) => [...each.values()]);
    return counts.reduce((sum, count) => sum + count, 0);
  }

  hear(what: Said): void {
    const { stream } = what;
    if (what.said === 'kept') {
      const producers = this.producers.get(stream) ?? new Map<string, number>();
      this.producers.set(stream, producers.set(what.id, Math.max(what.next, this.next(stream, what.id))));
    } else if (what.said === 'seen') {
      this.seen.set(stream, Math.max(what.next, this.seen.get(stream) ?? 0));
    } else {
      // A stream that was made again by the next writer has not begun anew.
      if (what.said !== 'created' || !this.lives.has(stream)) this.lives.set(stream, what.said);
    }
  }

  /** Number of the first chunk of a producer that was not acknowledged. */
  next(stream: string, id: string): number {
    return this.producers.get(stream)?.get(id) ?? 0;
  }

  /** What the log does not keep of its promises, a line each. */
  async judge(log: Log): Promise<string[]> {
    const findings: string[] = [];
    for (const [stream, life] of this.lives) {
      const info = await log.info(stream);
      if (life === 'removed' && info !== undefined) findings.push(`${stream} was removed and is there`);
      if (life === 'removing' || life === 'removed') continue;
      if (info === undefined) {
        findings.push(`${stream} was ${life} and is not there`);
        continue;
      }
      if (life === 'ended') findings.push(...(await judgeBrief(log, stream)));
      if (info.next < (this.seen.get(stream) ?? 0)) findings.push(`${stream} was seen to have more than ${info.next}`);
      const producers = this.producers.get(stream);
      if (producers !== undefined) findings.push(...(await judgeProducers(log, stream, producers)));
    }
    return findings;
  }
}

async function judgeBrief(log: Log, stream: string): Promise<string[]> {
  const { chunks, end } = await log.read(stream, 0, wide);
  const whole = JSON.stringify(chunks) === JSON.stringify(chunksOf('brief', 0, briefLength));
  return whole && end?.status === 'completed' ? [] : [`${stream} was ended and is not whole`];
}

async function judgeProducers(log: Log, stream: string, producers: ReadonlyMap<string, number>): Promise<string[]> {
  const findings: string[] = [];
  const counts = new Map<string, number>();
  for (let from = 0, next = Infinity; from < next;) {
    const slice = await log.read(stream, from, wide);
    if (slice.from !== from) findings.push(`${stream} begins at ${slice.from}`);
    for (const chunk of slice.chunks) {
      const { id, n } = originOf(chunk);
      const expected = counts.get(id) ?? 0;
      if (n !== expected) findings.push(`${stream}: ${id} has chunk ${n} where ${expected} should be`);
      else if (JSON.stringify(chunk) !== JSON.stringify(chunkOf(id, n)))
        findings.push(`${stream}: ${id} ${n} is garbled`);
      counts.set(id, n + 1);
    }
    if (slice.chunks.length === 0 && slice.from < slice.next) findings.push(`${stream} has a hole at ${slice.from}`);
    from = slice.chunks.length === 0 ? Infinity : slice.from + slice.chunks.length;
    ({ next } = slice);
  }
  for (const [id, acknowledged] of producers) {
    const count = counts.get(id) ?? 0;
    if (count < acknowledged)
      findings.push(`${stream}: ${acknowledged} chunks of ${id} were acknowledged, ${count} are there`);
    const known = await expectedOf(log, stream, id, count);
    if (known !== count) findings.push(`${stream}: ${count} chunks of ${id} are there, the log remembers ${known}`);
  }
  return findings;
}

/** The number the log expects next of a producer: what it says to one that is ahead. */
async function expectedOf(log: Log, stream: string, id: string, count: number): Promise<number | undefined> {
  try {
    await log.append(stream, [], { producer: { id, epoch: 0, seq: count + 1 } });
    return undefined;
  } catch (error) {
    return error instanceof StreamError && error.code === 'sequence-gap' ? error.details.expected : undefined;
  }
}
