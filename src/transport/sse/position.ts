import { isSeq, type JoinPosition, parseJoinPosition, StreamError } from '../../chunk/index.js';

/** What an event id may be: the number of a chunk, or -1 before the first. */
const eventId = /^(?:-1|0|[1-9]\d{0,15})$/;

/**
 * Where a reader begins: behind the event it says it has seen, else where the query says, else at the beginning.
 *
 * @param lastEventId - the header `Last-Event-ID`; a browser's `EventSource` sends it when it reconnects
 * @param from - the query parameter of this name
 * @throws {@link StreamError} `frame-invalid` naming the field
 */
export function readPosition(lastEventId: string | undefined, from: string | undefined): JoinPosition {
  if (lastEventId !== undefined && lastEventId !== '') return behind(lastEventId);
  if (from === undefined) return 'beginning';
  const position = parseJoinPosition(from);
  if (position !== undefined) return position;
  const message = 'from must be "beginning", "now", "snapshot" or the number of a chunk';
  throw new StreamError('frame-invalid', message, { field: 'from' });
}

function behind(lastEventId: string): number {
  const next = eventId.test(lastEventId) ? Number(lastEventId) + 1 : undefined;
  if (isSeq(next)) return next;
  const message = 'Last-Event-ID must be the id of an event: the number of a chunk';
  throw new StreamError('frame-invalid', message, { field: 'last-event-id' });
}
