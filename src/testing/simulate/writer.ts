import { type ChunkBody, createChunk, encodeChunk, toStreamError } from '../../chunk/index.js';
import type { Client } from '../../client/index.js';
import type { Close } from '../../log/log.js';
import type { Tell } from './finding.js';
import type { WriterPlan } from './scenario.js';
import type { StreamTruth, Truth, Written } from './truth.js';
import type { VirtualTime } from './virtual-time.js';

/** @internal One call of `publish`. */
export interface PublishCall {
  readonly at: number;
  readonly chunks: readonly Written[];
  /** When it was answered, and with which error, if any. */
  answer: { readonly at: number; readonly refused: string | undefined } | undefined;
}

/**
 * A writer at work: publishes its batches at their times, whatever became of those before, and sees to it that what was
 * acknowledged is kept.
 *
 * @internal
 */
export class Writer {
  readonly calls: PublishCall[] = [];
  private seq = 0;

  constructor(
    readonly plan: WriterPlan,
    private readonly stream: StreamTruth,
    private readonly client: Client,
    private readonly time: VirtualTime,
    private readonly truth: Truth,
    private readonly tell: Tell,
    /** Called when a call has been answered. */
    private readonly answered: () => void,
  ) {}

  /** Publishes a batch. */
  publish(index: number): void {
    const { plan, seq } = this;
    const batch = plan.batches[index]!;
    const { batch: closing = -1, ...close } = plan.close ?? {};
    const bodies = batch.sizes.map((size, i) => bodyOf(plan.name, seq + i, size, this.time.now()));
    const chunks = bodies.map((body, i) => this.truth.writes(plan.name, seq + i, encodeChunk(body)));
    const call: PublishCall = { at: this.time.now(), chunks, answer: undefined };
    this.calls.push(call);
    this.seq += bodies.length;
    if (index === closing) this.stream.closing = true;
    if (batch.sizes.some((size) => size > largestChunk)) this.stream.oversized = true;
    const options = {
      ...(plan.producer === undefined ? {} : { producer: { ...plan.producer, seq } }),
      ...(index === closing ? { close: close as Close } : {}),
    };
    this.client.publish(this.stream.name, bodies, options).then(
      ({ next }) => this.accepted(call, next),
      (error: unknown) => this.refused(call, error),
    );
  }

  private accepted(call: PublishCall, next: number): void {
    call.answer = { at: this.time.now(), refused: undefined };
    for (const { index, kept } of call.chunks) {
      if (kept === undefined)
        this.complain(`${this.plan.name}'s chunk ${index} was acknowledged and is not in the log`);
      else if (kept.seq >= next) this.complain(`chunk ${kept.seq} was acknowledged with next ${next}`, kept.seq);
    }
    this.answered();
  }

  private refused(call: PublishCall, thrown: unknown): void {
    const { code, message } = toStreamError(thrown, 'internal');
    call.answer = { at: this.time.now(), refused: code };
    if (!this.mayBeRefused(code)) this.complain(`${this.plan.name} was refused with ${code}: ${message}`);
    this.answered();
  }

  /** Whether there is a reason for a refusal other than a defect. */
  private mayBeRefused(code: string): boolean {
    const { plan, stream, calls } = this;
    switch (code) {
      case 'producer-fenced':
        return plan.producer?.epoch === 0;
      case 'stream-closed':
        return stream.closing;
      case 'stream-cancelled':
        return stream.end?.status === 'cancelled';
      case 'chunk-too-large':
        return stream.oversized;
      case 'sequence-gap':
        // It went on after a refusal, with the next number: the server misses those before.
        return calls.some(({ answer }) => answer?.refused !== undefined && answer.refused !== code);
      default:
        return false;
    }
  }

  private complain(what: string, seq?: number): void {
    const about = { at: this.time.now(), what, stream: this.stream.name };
    this.tell(seq === undefined ? about : { ...about, seq });
  }
}

/** Bytes of data that every message can hold. */
const largestChunk = 2000;

/** A chunk like no other, of about this size, of a type that its number decides. */
function bodyOf(writer: string, index: number, size: number, now: number): ChunkBody {
  const text = `${writer}.${index}.`.padEnd(size, 'é~');
  const data = [text, text, { text }, new TextEncoder().encode(text)][index % 4]!;
  return createChunk({ streamId: writer, seq: 0, data, timestamp: Math.floor(now) });
}
