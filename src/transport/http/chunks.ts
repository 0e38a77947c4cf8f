import { concatMap, defer, type OperatorFunction } from 'rxjs';
import {
  checkBound,
  checkName,
  type Chunk,
  type ChunkBody,
  type ChunkData,
  chunkOf,
  dataSize,
  dataType,
  jsonProblem,
  type JsonObject,
  StreamError,
} from '../../chunk/index.js';
import type { HttpBatch } from './reading.js';

/** Options of {@link toChunks}. */
export interface ToChunksOptions {
  /** Name of the stream the chunks are of. */
  readonly streamId: string;
  /** Number of the first chunk. Default 0. */
  readonly start?: number;
}

/**
 * Makes chunks of the batches of {@link readHttp}: one for each item, numbered from `start`. The last of each batch has the
 * batch's place as `metadata.offset`: where to go on behind it.
 *
 * **Emits** a chunk for each item, at once.
 * **Errors** with `chunk-invalid` on an item that no chunk can hold, JSON nested too deep; with the source.
 * **Completes** with the source.
 * **Holds** one batch.
 *
 * @example
 * readHttp({ url }).pipe(toChunks({ streamId: 'books/moby-dick' })).subscribe(({ seq, data }) => show(seq, data));
 *
 * @throws StreamError `name-invalid` for a `streamId` that is no stream name
 */
export function toChunks({ streamId, start = 0 }: ToChunksOptions): OperatorFunction<HttpBatch<ChunkData>, Chunk> {
  checkName(streamId);
  checkBound('start', start, { min: 0 });
  return (source) =>
    defer(() => {
      let seq = start;
      const chunksOf = ({ items, offset }: HttpBatch<ChunkData>): Chunk[] =>
        items.map((data, i) => chunkOfItem(streamId, seq++, data, i === items.length - 1 ? { offset } : {}));
      return source.pipe(concatMap(chunksOf));
    });
}

/** The data alone can be wrong: all else is ours. `createChunk` would look at everything, which is three times the code. */
function chunkOfItem(streamId: string, seq: number, data: ChunkData, metadata: JsonObject): Chunk {
  const problem = data instanceof Uint8Array ? undefined : jsonProblem(data);
  if (problem !== undefined) {
    throw new StreamError('chunk-invalid', `chunk field "data": ${problem}`, { streamId, seq, field: 'data' });
  }
  const type = dataType(data);
  const body = { type, data, final: false, size: dataSize(type, data), metadata, timestamp: Date.now() };
  return chunkOf(streamId, seq, body as ChunkBody);
}
