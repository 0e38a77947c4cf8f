import type { ConnectError } from '@connectrpc/connect';
import type { EncodedChunk } from '../../chunk/index.js';
import type { DataFrame, ServerFrame } from '../../protocol/index.js';
import { Call, type CallSurroundings } from './call.js';
import { responseOf, subscribeFrame } from './messages.js';
import type { ReadRequest, ReadResponse } from './streams-pb.js';

/** @internal What may be on its way to a caller who takes nothing. */
export interface ReadWindow {
  readonly chunks: number;
  readonly bytes: number;
}

/**
 * @internal Answers a call to read. The next answer is taken when the transport has room for it, and only what was taken is credit
 * again: flow control reaches down to the log.
 */
export async function* readCall(
  request: ReadRequest,
  surroundings: CallSurroundings,
  window: ReadWindow,
): AsyncGenerator<ReadResponse> {
  const reading = new Reading(request, surroundings, window);
  try {
    for (let frame = await reading.next(); frame !== undefined; frame = await reading.next()) {
      const response = responseOf(frame);
      if (response !== undefined) yield response;
      reading.took(frame);
    }
  } finally {
    reading.leave();
  }
}

class Reading {
  private readonly call: Call;
  private readonly waiting: ServerFrame<EncodedChunk>[] = [];
  private failure: ConnectError | undefined;
  private wake: (() => void) | undefined;
  private ended = false;
  private channel: number | undefined;
  private readonly taken = { chunks: 0, bytes: 0 };
  private granted: ReadWindow;

  constructor(
    request: ReadRequest,
    surroundings: CallSurroundings,
    private readonly window: ReadWindow,
  ) {
    this.granted = window;
    const subscribe = subscribeFrame(request, window);
    this.call = new Call(surroundings, {
      frame: (frame) => {
        this.waiting.push(frame);
        this.wake?.();
      },
      failed: (error) => {
        this.failure = error;
        this.wake?.();
      },
    });
    this.call.say(subscribe);
  }

  /** What comes next, once it is there; `undefined` behind the end. @throws what ended the call, behind all that came before */
  async next(): Promise<ServerFrame<EncodedChunk> | undefined> {
    while (!this.ended) {
      const frame = this.waiting.shift();
      if (frame !== undefined) return frame;
      if (this.failure !== undefined) throw this.failure;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    return undefined;
  }

  /** The caller has a frame. */
  took(frame: ServerFrame<EncodedChunk>): void {
    if (frame.t === 'subscribed') this.channel = frame.ch;
    else if (frame.t === 'data') this.tookData(frame);
    else if (frame.t === 'end') this.ended = true;
  }

  private tookData({ chunks }: DataFrame<EncodedChunk>): void {
    const { taken, window } = this;
    taken.chunks += chunks.length;
    for (const { size } of chunks) taken.bytes += size;
    const next = { chunks: taken.chunks + window.chunks, bytes: taken.bytes + window.bytes };
    const much = next.chunks - this.granted.chunks >= window.chunks / 2;
    if (!much && next.bytes - this.granted.bytes < window.bytes / 2) return;
    this.granted = next;
    this.call.say({ t: 'credit', ch: this.channel!, ...next });
  }

  leave(): void {
    this.call.leave();
  }
}
