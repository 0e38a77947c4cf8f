import type { FrameOf, OutgoingFrame, ServerFrame } from '../protocol/index.js';
import type { Recording } from '../marble/index.js';
import type { Listener } from './tap-transport.js';

/** Tells a recording what the frames of one reading say: what arrived, what was asked for again, and the credit that was given. */
export function recordReading(recording: Recording, streamId: string, now: () => number): Listener {
  let channel: number | undefined;
  /** Credit travels as totals. */
  let granted = 0;
  const grant = (total: number): void => {
    if (total > granted) recording.credited(total - granted, now());
    granted = Math.max(granted, total);
  };
  const data = ({ seq, chunks }: FrameOf<ServerFrame, 'data'>): void => {
    const at = now();
    for (let i = 0; i < chunks.length; i++) recording.arrived(seq + i, at);
  };
  return {
    received: (frame) => {
      if (frame.t === 'subscribed' && frame.stream === streamId) {
        channel = frame.ch;
        recording.started(frame.seq);
      } else if (frame.t === 'data' && frame.ch === channel) data(frame);
    },
    sent: (frame: OutgoingFrame) => {
      if (frame.t === 'subscribe' && frame.stream === streamId) {
        granted = 0;
        grant(frame.chunks);
      } else if (frame.t === 'credit' && frame.ch === channel) grant(frame.chunks);
      else if (frame.t === 'ping') for (const [ch, chunks] of frame.grants) if (ch === channel) grant(chunks);
      if (frame.t === 'nack' && frame.ch === channel) {
        for (const [from, to] of frame.ranges) recording.requested(from, to);
      }
    },
  };
}
