/**
 * Verbs on streams of chunks: RxJS operators that put in order, watch, repair, hold back and share.
 *
 * @module
 */
export * from './assemble.js';
export * from './backpressure.js';
export * from './batch.js';
export * from './checkpoint.js';
export * from './collect.js';
export * from './dedupe.js';
export * from './detect-gaps.js';
export * from './drain-to.js';
export * from './fan-out.js';
export * from './flow-map.js';
export * from './gap-timeout.js';
export * from './gate.js';
export * from './heartbeat.js';
export * from './idle-timeout.js';
export * from './measure.js';
export * from './progress.js';
export * from './reorder.js';
export * from './repair.js';
export * from './resume.js';
export * from './stamp.js';
export * from './throttle.js';
export * from './transcode.js';
export * from './unwrap.js';
export * from './validate.js';
export * from './verify.js';
