/**
 * Streams on any server of the Durable Streams protocol: read over plain requests, long-polling and server-sent events,
 * written to in single requests or by a producer that keeps everything once.
 *
 * @module
 */
export { toChunks, type ToChunksOptions } from './chunks.js';
export type { HttpFormat, HttpItems } from './decoding.js';
export type { HttpItem } from './encoding.js';
export { HttpError, type HttpErrorOptions } from './failure.js';
export { createHttpProducer, type HttpAppended, type HttpProducer, type HttpProducerOptions } from './producer.js';
export { type HttpReadOptions, pullHttp, readHttp, type ReadHttpOptions } from './reader.js';
export type { HttpBatch, HttpLive } from './reading.js';
export type { HttpRetryOptions } from './retries.js';
export type { Address, ServerAddress } from '../addresses.js';
export type { HttpFetch, HttpFields, HttpOptions } from './rules.js';
export {
  httpStream,
  type HttpAppendOptions,
  type HttpCreated,
  type HttpCreateOptions,
  type HttpStream,
  type HttpStreamInfo,
  type HttpStreamOptions,
  type HttpWritten,
} from './stream.js';
