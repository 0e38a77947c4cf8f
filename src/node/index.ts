/**
 * The front door on Node: one port for WebSocket, SSE and a page.
 *
 * @module
 */
export * from './serve.js';
