/**
 * Verbs on streams of chunks: RxJS operators that put in order, watch, repair, hold back and share.
 *
 * @module
 */
export * from './dedupe.js';
export * from './gap-timeout.js';
export * from './reorder.js';
export * from './stamp.js';
export * from './unwrap.js';
export * from './verify.js';
