import type { Subscription } from 'rxjs';
import { type Chunk, encodeChunk, type Position, toStreamError } from '../../chunk/index.js';
import type { Client } from '../../client/index.js';
import type { Tell } from './finding.js';
import type { Random } from './random.js';
import type { ReaderPlan } from './scenario.js';
import { identity, type StreamTruth } from './truth.js';
import type { VirtualTime } from './virtual-time.js';

/** @internal How a reading ended: `left` is its own wish, the rest as the stream said or an error's code. */
export type Ending = 'completed' | 'left' | (string & {});

/** @internal What a reader tells the world around it. */
export interface ReaderEvents {
  /** It has consumed a chunk: nothing below this number matters to it any more. */
  took(next: number): void;
  ended(): void;
}

/**
 * A reader at work: reads as its plan says, and judges every chunk at once. What it may not get is a chunk that is not the
 * next one, unless the log had let go of all in between.
 *
 * @internal
 */
export class Reader {
  /** What it got, in order. */
  readonly got: { readonly at: number; readonly seq: number }[] = [];
  begunAt: number | undefined;
  ending: { readonly at: number; readonly how: Ending } | undefined;
  /** The number it must get next; `undefined` while only the server knows. */
  next: number | undefined;
  private nextWhenBegun = 0;
  private subscription: Subscription | undefined;

  constructor(
    readonly plan: ReaderPlan,
    private readonly stream: StreamTruth,
    private readonly client: Client,
    private readonly time: VirtualTime,
    private readonly random: Random,
    private readonly tell: Tell,
    private readonly events: ReaderEvents,
  ) {}

  begin(): void {
    const { plan, stream, time } = this;
    this.begunAt = time.now();
    this.nextWhenBegun = stream.chunks.length;
    this.next = firstOf(plan.from);
    if (plan.paceMs === undefined) this.receive();
    else void this.read(plan.paceMs);
  }

  /** The server has said where it begins. */
  startsAt(seq: number): void {
    this.next ??= seq;
  }

  private options() {
    const { from, window, onGap } = this.plan;
    return { from, window, onGap };
  }

  private receive(): void {
    this.subscription = this.client.receive(this.stream.name, this.options()).subscribe({
      next: (chunk) => {
        this.take(chunk);
        if (!this.leaves()) return;
        // A synchronous source would call before `subscribe` has returned; this one never does.
        this.subscription!.unsubscribe();
        this.end('left');
      },
      error: (error: unknown) => this.end(toStreamError(error, 'internal').code),
      complete: () => this.end('completed'),
    });
  }

  private async read(pace: readonly [number, number]): Promise<void> {
    try {
      for await (const chunk of this.client.read(this.stream.name, this.options())) {
        this.take(chunk);
        if (this.leaves()) return this.end('left');
        await this.time.wait(this.random.int(...pace));
      }
      this.end('completed');
    } catch (error) {
      this.end(toStreamError(error, 'internal').code);
    }
  }

  private leaves(): boolean {
    return this.got.length === this.plan.leaveAfter;
  }

  private take(chunk: Chunk): void {
    const { seq } = chunk;
    if (this.ending !== undefined) this.complain(`got chunk ${seq} after its end`, seq);
    this.judgePlace(seq);
    this.got.push({ at: this.time.now(), seq });
    this.next = seq + 1;
    this.events.took(this.next);
    const kept = this.stream.chunks[seq];
    if (kept === undefined) return this.complain(`got a chunk ${seq} that is not in the log`, seq);
    if (chunk.streamId !== this.stream.name) this.complain(`got a chunk of ${chunk.streamId}`, seq);
    if (identity(encodeChunk(chunk)) !== identity(kept.encoded)) this.complain(`got chunk ${seq} altered`, seq);
    return undefined;
  }

  private judgePlace(seq: number): void {
    const { next, nextWhenBegun } = this;
    if (next === undefined) {
      if (seq < nextWhenBegun) this.complain(`wanted what comes now, and got the old chunk ${seq}`, seq);
    } else if (seq < next) {
      const before = this.got.some((item) => item.seq === seq);
      this.complain(before ? `got chunk ${seq} again` : `got chunk ${seq} behind chunk ${next - 1}`, seq);
    } else if (seq > next && !this.mayMiss(seq)) {
      this.complain(`got chunk ${seq} and not ${rangeText(next, seq)}`, next);
    }
  }

  /** Whether everything before `seq` has left the log, and the reader is one to go on behind it. */
  private mayMiss(seq: number): boolean {
    const { plan, stream, got } = this;
    const free = plan.onGap === 'skip' || (plan.from === 'beginning' && got.length === 0);
    return free && stream.first >= seq;
  }

  private end(how: Ending): void {
    if (this.ending !== undefined) return this.complain(`ended twice: ${this.ending.how}, then ${how}`);
    this.ending = { at: this.time.now(), how };
    if (how !== 'left') this.judgeEnd(how);
    return this.events.ended();
  }

  private judgeEnd(how: Ending): void {
    const { stream, plan, next } = this;
    if (how === 'gap') {
      if (plan.onGap === 'skip') return this.complain('failed with a gap that it was to skip');
      const first = next ?? this.nextWhenBegun;
      if (stream.first > first) return undefined;
      return this.complain(`failed with a gap, and chunk ${first} is in the log`, first);
    }
    const { end, chunks } = stream;
    const expected = end === undefined ? undefined : endings[end.status];
    if (how !== expected) return this.complain(`ended with ${how}, the stream ${expected ?? 'goes on'}`);
    if (next === undefined || next >= chunks.length || this.mayMiss(chunks.length)) return undefined;
    return this.complain(`ended without ${rangeText(next, chunks.length)}`, next);
  }

  private complain(what: string, seq = this.next): void {
    const about = { at: this.time.now(), stream: this.stream.name, reader: this.plan.name };
    this.tell({ ...about, what: `${this.plan.name} ${what}`, ...(seq === undefined ? {} : { seq }) });
  }
}

const endings = { completed: 'completed', failed: 'stream-failed', cancelled: 'stream-cancelled' } as const;

function firstOf(from: Position): number | undefined {
  if (from === 'now') return undefined;
  return from === 'beginning' ? 0 : from;
}

function rangeText(from: number, to: number): string {
  return to - from === 1 ? `chunk ${from}` : `chunks ${from} to ${to - 1}`;
}
