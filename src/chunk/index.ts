/**
 * What a chunk is: its schema, its encodings, its place in a stream, and the errors and notices that travel with it.
 *
 * @module
 */
export * from './base64.js';
export * from './bound.js';
export * from './check-kind.js';
export * from './checksum.js';
export * from './chunk.js';
export * from './chunk-schema.js';
export * from './codec.js';
export * from './data.js';
export * from './encode-json.js';
export * from './errors.js';
export * from './issue.js';
export * from './join-bytes.js';
export * from './name.js';
export * from './notice.js';
export * from './payload.js';
export * from './position.js';
export * from './sha256.js';
export * from './snapshot.js';
export * from './stream-info.js';
