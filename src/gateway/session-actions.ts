import type { EncodedChunk, JoinPosition, Range } from '../chunk/index.js';
import type { PublishFrame, ServerFrame } from '../protocol/index.js';
import type { Subscription } from './subscription.js';

/** What a session asks of the gateway around it. Answers come back as calls of the session's methods. */
export interface SessionActions {
  /** Sends frames as one message. Answers whether the link takes more. */
  send(frames: readonly ServerFrame<EncodedChunk>[]): boolean;
  /** Whether the link has room for so many bytes of chunks, which are sent then. It says when it has. */
  takes(bytes: number): boolean;
  /** There is something to send: the session is to be flushed at the end of the turn. */
  dirty(): void;
  /**
   * Finds the stream's channel and first number: answer with `subscribed` or `subscribeRefused`. Who has read of it before says
   * of which life it was.
   */
  subscribe(streamId: string, from: JoinPosition, life: string | undefined): void;
  /** The subscription can be sent more than before. */
  ready(subscription: Subscription): void;
  /** The subscription is over. */
  unsubscribe(subscription: Subscription): void;
  /** Chunks that were sent are asked for again: answer with `resend`. */
  repair(subscription: Subscription, ranges: readonly Range[]): void;
  /** Appends: answer with `published` or `publishRefused`. */
  publish(frame: PublishFrame<EncodedChunk>): void;
  /**
   * Says who the client is, with so many frames behind it in the same message: answer with `authenticated`, or close. Answers
   * whether those frames wait, until `proceed`.
   */
  authenticate(token: string, behind: number): boolean;
  /** Ends a stream for everybody. */
  cancel(streamId: string, reason: string | undefined): void;
  /** Ends the link. */
  close(code: number, reason: string): void;
}
