/**
 * The words two sluices exchange, as PROTOCOL.md defines them: frames, their encoding and the close codes. Pure.
 *
 * @module
 */
export * from './close-codes.js';
export * from './decode.js';
export * from './encode.js';
export * from './encode-requests.js';
export * from './frame.js';
export * from './frame-schemas.js';
