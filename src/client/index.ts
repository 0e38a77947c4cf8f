/**
 * Reads and writes streams of a server: reconnects, resumes, repairs, and lets the server send no more than is consumed.
 *
 * @module
 */
export { type BackoffOptions } from './backoff.js';
export * from './client.js';
export { createReadClient, type ReadClient, type ReadClientOptions, type ReceiveOptions } from './read-client.js';
export { type ConnectionState } from './connection.js';
export { type Window } from './reading.js';
export { type TokenSource, withToken } from './with-token.js';
