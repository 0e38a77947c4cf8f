import { create } from '@bufbuild/protobuf';
import { type ConnectError } from '@connectrpc/connect';
import type { FrameOf, ServerFrame } from '../../protocol/index.js';
import { Call, type CallSurroundings } from './call.js';
import { callError } from './failure.js';
import { cancelFrame, publishFrame } from './messages.js';
import {
  type CancelRequest,
  type CancelResponse,
  CancelResponseSchema,
  type PublishRequest,
  type PublishResponse,
  PublishResponseSchema,
} from './streams-pb.js';

/** @internal A call that says something and waits for the answer, once or again and again. */
class Asking<T extends 'ack' | 'pong'> {
  readonly call: Call;
  private settle: { resolve(frame: FrameOf<ServerFrame, T>): void; reject(error: ConnectError): void } | undefined;
  private failure: ConnectError | undefined;

  constructor(surroundings: CallSurroundings, answer: T) {
    this.call = new Call(surroundings, {
      frame: (frame) => {
        if (frame.t === answer) this.settle?.resolve(frame as FrameOf<ServerFrame, T>);
      },
      failed: (error) => {
        this.failure = error;
        this.settle?.reject(error);
      },
    });
  }

  /** Says something, and waits for the answer. @throws the error of the call */
  async ask(...frames: readonly Parameters<Call['say']>[0][]): Promise<FrameOf<ServerFrame, T>> {
    if (this.failure !== undefined) throw this.failure;
    return await new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
      for (const frame of frames) this.call.say(frame);
    });
  }
}

/** @internal Answers a call to publish, of one batch or of many, one after the other: with what became of the last. */
export async function publishCall(
  requests: Iterable<PublishRequest> | AsyncIterable<PublishRequest>,
  surroundings: CallSurroundings,
): Promise<PublishResponse> {
  const asking = new Asking(surroundings, 'ack');
  let answer: PublishResponse | undefined;
  try {
    for await (const request of requests) {
      const { seq, next, closed = false } = await asking.ask(publishFrame(request, surroundings.scheduler.now()));
      answer = create(PublishResponseSchema, { seq: BigInt(seq), next: BigInt(next), closed });
    }
  } finally {
    asking.call.leave();
  }
  if (answer === undefined) throw callError('frame-invalid', 'a call to publish must bring something');
  return answer;
}

/** @internal Answers a call to cancel a stream. */
export async function cancelCall(request: CancelRequest, surroundings: CallSurroundings): Promise<CancelResponse> {
  const frame = cancelFrame(request);
  const asking = new Asking(surroundings, 'pong');
  try {
    // A cancellation has no answer but a refusal: that comes in front of this one.
    await asking.ask(frame, { t: 'ping', grants: [] });
  } finally {
    asking.call.leave();
  }
  return create(CancelResponseSchema);
}
