export type { BodyFormatName, EventOptions } from './body-format.js';
export type { BodyOptions, ResponseOutcome } from './body.js';
export type { Coding, Compressor, CompressorFactory } from './compressor.js';
export type { HeadOptions } from './head.js';
export type { ItemOptions, ResponseSource } from './items.js';
export { toResponse, type ToResponseOptions } from './to-response.js';
