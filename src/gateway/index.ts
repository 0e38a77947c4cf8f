/**
 * Serves streams to many links: one read of the log and one encoding for all readers at the same place.
 *
 * @module
 */
export type { Connection } from './connection.js';
export * from './events.js';
export type { GapCounts } from './gaps.js';
export * from './gateway.js';
export { type SessionLimitOptions, type SessionLimits } from './limits.js';
export type { GatewayLoad } from './load.js';
export { type LogWatchOptions, watchLog } from './log-watch.js';
