import { BadFrame, type OutgoingFrame, type ServerFrame } from '../protocol/index.js';
import type { ClientTransport } from '../transport/transport.js';

/** Who listens to a transport. */
export interface Listener {
  /** A frame came from the server, as it came: before anything is put right. */
  received(frame: ServerFrame): void;
  /** A frame is handed to the link. */
  sent(frame: OutgoingFrame): void;
}

/** Makes a transport that lets somebody listen, and changes nothing. */
export function tapTransport(transport: ClientTransport, listener: Listener): ClientTransport {
  return {
    connect: (events) => {
      const link = transport.connect({
        ...events,
        opened: () => events.opened(),
        drained: () => events.drained(),
        closed: (code, reason) => events.closed(code, reason),
        frames: (frames) => {
          for (const frame of frames) if (!(frame instanceof BadFrame)) listener.received(frame);
          events.frames(frames);
        },
      });
      return {
        get writable() {
          return link.writable;
        },
        send: (frames) => {
          for (const frame of frames) listener.sent(frame);
          link.send(frames);
        },
        close: (code, reason) => link.close(code, reason),
      };
    },
  };
}
