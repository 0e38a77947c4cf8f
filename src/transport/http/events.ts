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
  let events: IncomingEvent[] = [];
  const parser = createEventStreamReader((event) => events.push(event), { maxEventBytes });
  for await (const piece of pieces) {
    let failure: { readonly error: unknown } | undefined;
    try {
      parser.push(piece);
    } catch (error) {
      failure = { error };
    }
    const complete = events;
    events = [];
    if (complete.length > 0) yield complete;
    if (failure !== undefined) throw failure.error;
  }
}
