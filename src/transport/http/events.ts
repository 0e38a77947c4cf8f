import { createEventStreamReader, type IncomingEvent } from '../../format/event-stream.js';

/**
 * @internal Server-sent events, as they are asked for: those that a piece of the body completes, together.
 *
 * @throws StreamError `overflow` behind the last event before one that is too large
 */
export async function* eventsOf(
  pieces: AsyncIterable<Uint8Array>,
  maxEventBytes: number,
): AsyncGenerator<readonly IncomingEvent[], void, undefined> {
  const events: IncomingEvent[] = [];
  const parser = createEventStreamReader((event) => events.push(event), { maxEventBytes });
  for await (const piece of pieces) {
    try {
      parser.push(piece);
    } finally {
      // Also where the next one is too large: these came before it.
      if (events.length > 0) yield events.splice(0);
    }
  }
}
