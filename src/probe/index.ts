/**
 * What may be reported about a stream while it flows.
 *
 * @module
 */
export * from './probe.js';
export * from './refusals.js';
