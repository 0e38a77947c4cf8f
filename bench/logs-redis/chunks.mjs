import { createChunk, encodeChunk } from '../dist/src/chunk/index.js';

const text = 'x'.repeat(200);

/** A text chunk of 200 bytes as a log takes it, made now or at a time given. */
export const chunkOf = (timestamp = Date.now()) =>
  encodeChunk(createChunk({ streamId: 'bench', seq: 0, data: text, timestamp }));

/** Name of a stream, by its number. */
export const nameOf = (n) => `bench/${n}`;
