import { type EncodedChunk, toStreamError } from '../chunk/index.js';
import { attempt, type MaybePromise, whenReady } from '../log/log.js';
import type { PublishFrame } from '../protocol/index.js';
import type { Streams } from '../streams/index.js';
import type { Guest } from './guest.js';
import { isLasting, isReserved, reservedName } from './reserved.js';
import type { Session } from './session.js';

/** What clients do to streams, where they may: they write to them, and cancel them. */
export class Writes {
  constructor(private readonly streams: Streams) {}

  /** Keeps what a client has written. */
  publish(session: Session, guest: Guest | undefined, frame: PublishFrame<EncodedChunk>): void {
    const { stream, producer, epoch, seq, chunks, close } = frame;
    if (close === undefined ? isReserved(stream) : isLasting(stream)) {
      return session.publishRefused(frame, reservedName(stream));
    }
    const append = (life?: string): MaybePromise<void> => {
      const options = {
        producer: { id: producer, epoch, seq },
        ...(close === undefined ? {} : { close: definite(close) }),
        ...(life === undefined ? {} : { life, create: false }),
      };
      return whenReady(this.streams.append(stream, chunks, options), (appended) => session.published(frame, appended));
    };
    attempt(
      () => (guest === undefined ? append() : guest.publish(stream, chunks, append)),
      (error) => session.publishRefused(frame, toStreamError(error, 'internal', { streamId: stream })),
    );
  }

  /** Ends a stream for everybody, as a client wants it. */
  cancel(session: Session, guest: Guest | undefined, streamId: string, reason: string | undefined): void {
    if (isLasting(streamId)) return session.refuse(reservedName(streamId), { stream: streamId });
    attempt(
      () => whenReady(guest?.checkCancel(streamId), (life) => this.streams.cancel(streamId, reason, life)),
      (error) => session.refuse(toStreamError(error, 'internal', { streamId }), { stream: streamId }),
    );
  }
}

function definite(close: NonNullable<PublishFrame['close']>) {
  return close.reason === undefined ? { status: close.status } : { status: close.status, reason: close.reason };
}
