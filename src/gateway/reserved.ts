import { StreamError } from '../chunk/index.js';
import { leases } from '../streams/lease.js';
import { snapshots } from '../streams/snapshot-store.js';

/** Where a server keeps the books of its other doors. */
const books = 'sluice/server/';
/** Where it writes what it trusts: these, and snapshots. */
const trusted = [`${snapshots}/`, books];

/** Whether nobody but the server itself reads a stream. */
export function isSecret(streamId: string): boolean {
  return streamId.startsWith(books);
}

/** Whether nobody but the server itself writes to a stream. */
export function isReserved(streamId: string): boolean {
  return trusted.some((prefix) => streamId.startsWith(prefix));
}

/** Whether clients can neither end nor cancel a stream. Leases are written by producers anywhere, and ended by nobody. */
export function isLasting(streamId: string): boolean {
  return streamId === leases || isReserved(streamId);
}

/** What is answered to who asks for a stream that is reserved. */
export function reservedName(streamId: string): StreamError {
  return new StreamError('name-invalid', `the stream "${streamId}" is for the server itself`, { streamId });
}
