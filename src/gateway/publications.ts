import { type EncodedChunk, encodeChunk, StreamError } from '../chunk/index.js';
import type { Appended } from '../log/log.js';
import type { PublishFrame } from '../protocol/index.js';
import type { SessionLimits } from './limits.js';
import type { Outbox } from './outbox.js';
import type { SessionActions } from './session-actions.js';

/** What one client writes: how much of it waits to be kept, and who is told when a stream is cancelled. */
export class Publications {
  private readonly produced = new Set<string>();
  private chunks = 0;
  private bytes = 0;

  constructor(
    private readonly limits: Pick<SessionLimits, 'maxPendingChunks' | 'maxPendingBytes'>,
    private readonly outbox: Outbox,
    private readonly act: Pick<SessionActions, 'publish'>,
  ) {}

  /** Whether all is kept. */
  get kept(): boolean {
    return this.chunks === 0;
  }

  /** How full the fuller of the two buffers of what waits to be kept is, from 0 to 1. */
  get share(): number {
    const { maxPendingChunks, maxPendingBytes } = this.limits;
    return Math.max(this.chunks / maxPendingChunks, this.bytes / maxPendingBytes);
  }

  /** Has chunks kept, unless too many wait for that. */
  request(received: PublishFrame): void {
    const frame = { ...received, chunks: received.chunks.map(encodeChunk) };
    this.count(frame, 1);
    const { maxPendingChunks, maxPendingBytes } = this.limits;
    if (this.chunks <= maxPendingChunks && this.bytes <= maxPendingBytes) return this.act.publish(frame);
    const message = `more than ${maxPendingChunks} chunks or ${maxPendingBytes} bytes of this connection wait to be kept`;
    this.refuse(frame, new StreamError('overflow', message));
  }

  /** Counts what waits to be kept. A frame without chunks waits as well. */
  private count({ chunks }: PublishFrame<EncodedChunk>, sign: 1 | -1): void {
    this.chunks += sign * Math.max(1, chunks.length);
    for (const chunk of chunks) this.bytes += sign * chunk.length;
  }

  /** A frame was kept. */
  acknowledge(frame: PublishFrame<EncodedChunk>, { next }: Pick<Appended, 'next'>): void {
    this.count(frame, -1);
    const { stream, producer, epoch, seq, chunks, close } = frame;
    // Nobody can cancel what has ended.
    if (close === undefined) this.produced.add(stream);
    else this.produced.delete(stream);
    const ack = { t: 'ack', stream, producer, epoch, seq: seq + chunks.length, next } as const;
    this.outbox.add(close === undefined ? ack : { ...ack, closed: true });
  }

  /** A frame was refused. */
  refuse(frame: PublishFrame<EncodedChunk>, error: StreamError): void {
    this.count(frame, -1);
    this.outbox.refuse(error, { stream: frame.stream, producer: frame.producer, epoch: frame.epoch });
  }

  /** A stream was cancelled: tells the client if it has written to it. */
  stop(streamId: string, reason: string | undefined): void {
    if (!this.produced.delete(streamId)) return;
    this.outbox.add(reason === undefined ? { t: 'stop', stream: streamId } : { t: 'stop', stream: streamId, reason });
  }
}
