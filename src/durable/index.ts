/**
 * The Durable Streams protocol over streams: create, append, read, follow, fork and subscribe with nothing but HTTP.
 *
 * @module
 */
export * from './durable-streams.js';
export * from './node-handler.js';
export * from './web-handler.js';
export type { Webhooks } from './subscription/webhooks.js';
export type { Outflow, Reply, Sink } from './reply.js';
export type { DurableRequest } from './request.js';
export type { SharedBytes } from './shared-bytes.js';
export type { ShellOptions } from './shell.js';
