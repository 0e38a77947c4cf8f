/**
 * The front door on Node: one port for WebSocket, SSE, HTTP and a page.
 *
 * @module
 */
export type { Door } from './door.js';
export { principalOf } from './guard.js';
export { openLog } from './open-log.js';
export { openQueue, type OpenQueueOptions } from './open-queue.js';
export { createRunRoutes, type RunRoutes, type RunRoutesOptions, type ServedRunsOptions } from './run-routes.js';
export type { RunWatchOptions } from './run-watch.js';
export * from './serve.js';
export * from './webhooks.js';
