import { StreamError } from '../chunk/index.js';
import { type Log, type LogSlice, type MaybePromise, type ReadLimit, whenReady } from '../log/log.js';

/** @internal A stream among all that ever had its name. */
export interface Made {
  readonly name: string;
  readonly createdAt: number;
}

/**
 * @internal Reads from a stream as long as it is the one that was made at that time. Who took nothing for a while may have missed
 * that it was removed and made anew: two streams in one answer would look like one.
 */
export function readSame(log: Log, { name, createdAt }: Made, from: number, limit: ReadLimit): MaybePromise<LogSlice> {
  return whenReady(log.read(name, from, limit), (slice) =>
    whenReady(log.info(name), (info) => {
      if (info?.createdAt === createdAt) return slice;
      throw new StreamError('stream-not-found', `the stream "${name}" was removed`, { streamId: name });
    }),
  );
}
