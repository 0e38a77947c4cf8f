import { constants, createBrotliCompress, createDeflate, createGzip } from 'node:zlib';
import type { Coding, Compressor } from './compressor.js';

/**
 * Makes a compressor of Node's zlib that flushes behind every part: what went in can be read at once. It costs some bytes a
 * part.
 */
export function createCompressor(coding: Coding): Compressor {
  const stream = open(coding);
  let parts: Buffer[] = [];
  stream.on('data', (part: Buffer) => parts.push(part));
  const taken = (): Uint8Array => {
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    parts = [];
    return bytes;
  };
  const run = (work: (done: () => void) => void): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      stream.once('error', reject);
      work(() => {
        stream.off('error', reject);
        resolve(taken());
      });
    });
  return {
    push: (bytes) => run((done) => stream.write(bytes, () => done())),
    // It closes behind its end, and when it is let go before.
    end: () => run((done) => stream.once('close', done).end()),
    destroy: () => stream.destroy(),
  };
}

function open(coding: Coding) {
  switch (coding) {
    case 'gzip':
      return createGzip({ flush: constants.Z_SYNC_FLUSH });
    case 'deflate':
      return createDeflate({ flush: constants.Z_SYNC_FLUSH });
    case 'br':
      // The default quality of 11 is for files: it takes a hundred times as long.
      return createBrotliCompress({
        flush: constants.BROTLI_OPERATION_FLUSH,
        params: { [constants.BROTLI_PARAM_QUALITY]: 4 },
      });
  }
}
