import { type EncodedChunk, StreamError } from '../../chunk/index.js';
import { AnswerLost } from './caller.js';
import { type Parts, spaceOf, writeState } from './message.js';
import type { Step, StreamState } from './state.js';
import type { NatsStore } from './store.js';

/** @internal The newest message of a stream's subject: number 0 where there is none. */
export interface Newest {
  readonly seq: number;
  readonly state: StreamState | undefined;
  /** How many chunks it holds, and where those are that found no room in it. */
  readonly count: number;
  readonly parts?: Parts | undefined;
}

/** @internal One call that changes a stream. */
export interface Write<T> {
  /** Bytes it brings. */
  readonly bytes: number;
  /** Nothing goes into the same message behind it. */
  readonly alone?: boolean;
  /** Whether it may be made again when nobody knows whether it was done. */
  readonly repeatable: boolean;
  /** Says what to do, or throws why not. `seq` is the newest message. */
  decide(state: StreamState | undefined, seq: number): Step<T>;
  /** What is to be done once it is kept, before it is acknowledged. */
  kept?(newest: Newest): Promise<void> | void;
}

interface Pending extends Write<unknown> {
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

/** What became of a write: `changed` when its answer holds once the message is kept. */
type Outcome = { readonly changed: boolean; readonly answer: unknown } | { readonly refusal: unknown };

/** Most writes, and bytes of them, that go in one message. */
const maxWrites = 256;
const maxBytes = 256 * 1024;
/** Longest state: JetStream takes headers of 64 KiB, and the reason of an end must still find room. */
const maxState = 56_000;

/**
 * @internal The writes to one stream: one message is under way at a time, and what comes meanwhile goes together in the next.
 * So they take effect in the order they were made.
 *
 * A write is decided on here, on the state that the newest message says, and kept on condition that this is still the newest;
 * where another process was quicker, all is decided anew. The state is remembered from write to write. What follows from it
 * without being kept - a refusal, or that there is nothing to do - is told only when it was just read.
 */
export class StreamWrites {
  private waiting: Pending[] = [];
  private newest: Newest | undefined;
  private busy = false;
  private ids = 0;

  /** @param id - no other has it */
  constructor(
    private readonly streamId: string,
    private readonly store: NatsStore,
    private readonly id: string,
  ) {}

  /** Whether nothing is under way. */
  get idle(): boolean {
    return !this.busy;
  }

  add<T>(write: Write<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.waiting.push({ ...write, resolve: resolve as (answer: unknown) => void, reject });
      if (!this.busy) void this.work();
    });
  }

  private async work(): Promise<void> {
    this.busy = true;
    while (this.waiting.length > 0) {
      const group = this.take();
      try {
        await this.perform(group);
      } catch (error) {
        this.newest = undefined;
        for (const { reject, repeatable } of group) reject(this.failure(error, repeatable));
      }
    }
    this.busy = false;
  }

  private take(): readonly Pending[] {
    let [count, bytes] = [0, 0];
    const room = Math.min(maxBytes, this.store.maxBody / 2);
    for (const pending of this.waiting) {
      bytes += pending.bytes;
      if (count === maxWrites || (count > 0 && (bytes > room || pending.alone))) break;
      count++;
      if (pending.alone) break;
    }
    return this.waiting.splice(0, count);
  }

  private async perform(group: readonly Pending[]): Promise<void> {
    for (;;) {
      const fresh = this.newest === undefined;
      const before = this.newest ?? (await this.load());
      const { outcomes, step } = this.decide(group, before);
      const changed = step.state !== before.state;
      if (!fresh && !outcomes.every((outcome) => 'changed' in outcome && outcome.changed)) {
        this.newest = undefined;
        continue;
      }
      if (!changed) {
        this.newest = before;
        settle(group, outcomes);
        return;
      }
      const newest = await this.publish(before, step.state!, step.chunks);
      if (newest === undefined) {
        this.newest = undefined;
        continue;
      }
      this.newest = step.state?.removed ? undefined : newest;
      // The message is kept: what is done behind it must not undo the others.
      const done = await Promise.allSettled(
        group.map(async (write, i) => isKept(outcomes[i]!) && write.kept?.(newest)),
      );
      settle(
        group,
        outcomes.map((outcome, i) => {
          const result = done[i]!;
          return result.status === 'rejected' ? { refusal: result.reason as unknown } : outcome;
        }),
      );
      return;
    }
  }

  /** Keeps chunks in one message, or in parts and a last one with which they count. Answers nothing where another came between. */
  private async publish(
    before: Newest,
    state: StreamState,
    chunks: readonly EncodedChunk[],
  ): Promise<Newest | undefined> {
    const { streamId, store } = this;
    const [last = [], ...rest] = split(chunks, store.maxBody).toReversed();
    let newest = before.seq;
    let parts: Parts | undefined;
    // What is too large for a message comes alone, for a stream that is there.
    for (const part of rest.toReversed()) {
      const draft = { state: before.state!, chunks: part, count: 0 };
      const seq = await store.publish(streamId, draft, newest, this.nextId());
      if (seq === undefined) return undefined;
      parts = { from: parts?.from ?? seq, count: (parts?.count ?? 0) + part.length };
      newest = seq;
    }
    const seq = await store.publish(streamId, { state, chunks: last, parts }, newest, this.nextId());
    return seq === undefined ? undefined : { seq, state, count: last.length, parts };
  }

  private nextId(): string {
    return `${this.id}:${this.ids++}`;
  }

  private decide(group: readonly Pending[], { state: before, seq }: Newest): { outcomes: Outcome[]; step: Step<void> } {
    let state = before;
    const chunks: EncodedChunk[] = [];
    const outcomes = group.map((write): Outcome => {
      try {
        const step = write.decide(state, seq);
        this.checkRoom(state, step);
        const changed = step.state !== state;
        state = step.state;
        chunks.push(...step.chunks);
        return { changed, answer: step.answer };
      } catch (refusal) {
        return { refusal };
      }
    });
    return { outcomes, step: { state, chunks, answer: undefined } };
  }

  /** Refuses what finds no room. */
  private checkRoom(before: StreamState | undefined, { state, chunks }: Step<unknown>): void {
    const { streamId, store } = this;
    const tooLarge = chunks.find((chunk) => spaceOf(chunk) > store.maxBody);
    if (tooLarge !== undefined) {
      const message = `stream "${streamId}": a chunk takes ${tooLarge.length} bytes, and a message in NATS has room for ${store.maxBody}: see its max_payload`;
      throw new StreamError('chunk-too-large', message, { streamId });
    }
    const grown = state !== undefined && state.producers.size > (before?.producers.size ?? -1);
    if (!grown || writeState(state, 0).length <= maxState) return;
    const message = `stream "${streamId}": NATS has no room for what there is to know of it, with ${state.producers.size} producers`;
    throw new StreamError('limit-reached', message, { streamId });
  }

  private async load(): Promise<Newest> {
    return (await this.store.last(this.streamId)) ?? { seq: 0, state: undefined, count: 0 };
  }

  private failure(error: unknown, repeatable: boolean): unknown {
    if (!(error instanceof AnswerLost)) return error;
    if (repeatable) return error.cause;
    const { streamId } = this;
    const message = `stream "${streamId}": NATS has not answered, and the append may have been kept or not; one with a producer may be repeated`;
    return new StreamError('connection-lost', message, { streamId, cause: error.cause });
  }
}

/** Parts chunks so that each run has room in a message. */
function split(chunks: readonly EncodedChunk[], room: number): readonly (readonly EncodedChunk[])[] {
  const runs: EncodedChunk[][] = [];
  let left = 0;
  for (const chunk of chunks) {
    const space = spaceOf(chunk);
    if (space > left) {
      runs.push([]);
      left = room;
    }
    runs.at(-1)!.push(chunk);
    left -= space;
  }
  return runs;
}

function isKept(outcome: Outcome): boolean {
  return 'changed' in outcome && outcome.changed;
}

function settle(group: readonly Pending[], outcomes: readonly Outcome[]): void {
  for (const [i, { resolve, reject }] of group.entries()) {
    const outcome = outcomes[i]!;
    if ('refusal' in outcome) reject(outcome.refusal);
    else resolve(outcome.answer);
  }
}
