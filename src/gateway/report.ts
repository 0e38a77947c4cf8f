import { Subject } from 'rxjs';
import type { EncodedChunk } from '../chunk/index.js';
import { closeName, type ServerFrame } from '../protocol/index.js';
import type { Peer } from '../transport/transport.js';
import type { GatewayEvent } from './events.js';
import type { Parcel } from './parcel.js';

/** Where a gateway tells what happens: to nobody, mostly, and then it costs a look. */
export class Report {
  private readonly subject = new Subject<GatewayEvent>();
  readonly events = this.subject.asObservable();

  /** A connection was taken. */
  opened(session: string, { transport }: Peer): void {
    if (this.subject.observed) this.subject.next({ type: 'gateway.opened', session, transport });
  }

  /** A connection was not taken. */
  refused({ transport }: Peer, code: number): void {
    if (this.subject.observed) this.subject.next({ type: 'gateway.refused', transport, why: closeName(code) });
  }

  /** A connection has ended. */
  closed(session: string, { transport }: Peer, code: number, reason: string): void {
    if (!this.subject.observed) return;
    this.subject.next({ type: 'gateway.closed', session, transport, why: closeName(code), reason });
  }

  /** Frames go out to a client: what it asked for in vain is among them. */
  sent(session: string, frames: readonly ServerFrame<EncodedChunk>[]): void {
    if (!this.subject.observed) return;
    for (const frame of frames) {
      if (frame.t !== 'error') continue;
      const { code, message, stream } = frame;
      const about = stream === undefined ? {} : { streamId: stream };
      this.subject.next({ type: 'gateway.error', session, code, message, ...about });
    }
  }

  /** Chunks were handed to a link for the first time. */
  delivered(streamId: string, { frame, size: bytes }: Parcel, live: boolean): void {
    if (this.subject.observed) this.subject.next({ type: 'gateway.delivered', streamId, frame, bytes, live });
  }

  /** Chunks were sent again. */
  resent(streamId: string, chunks: number): void {
    if (this.subject.observed) this.subject.next({ type: 'gateway.resent', streamId, chunks });
  }

  /** A reader was told of a gap. */
  missing(streamId: string, from: number, to: number): void {
    if (this.subject.observed) this.subject.next({ type: 'gateway.missing', streamId, from, to });
  }

  /** Nothing more happens. */
  complete(): void {
    this.subject.complete();
  }
}
