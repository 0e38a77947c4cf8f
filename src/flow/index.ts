/**
 * How asynchronous stages tell their sources to wait.
 *
 * @module
 */
export * from './flow.js';
