/**
 * The front door on Node: one port for WebSocket, SSE, HTTP and a page.
 *
 * @module
 */
export { openLog } from './open-log.js';
export * from './serve.js';
export * from './webhooks.js';
