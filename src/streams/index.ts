/**
 * Streams over a log: create, publish, receive, info, list, close, and the events of their lives.
 *
 * @module
 */
export * from './access.js';
export * from './events.js';
export * from './fold.js';
export { chunksMissing } from './late-arrivals.js';
export * from './histogram.js';
export * from './lease.js';
export * from './limit-log.js';
export * from './meter.js';
export * from './publish-to.js';
export { type ReaderOptions } from './reader.js';
export * from './readers.js';
export * from './reaper.js';
export * from './rollup.js';
export * from './streams.js';
export * from './sweeper.js';
