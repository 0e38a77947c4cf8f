import { StreamError } from '../chunk/index.js';
import { type Log, type LogSlice, type MaybePromise, type ReadLimit, whenReady } from '../log/log.js';

/** @internal A stream among all that ever had its name. */
export interface Made {
  readonly name: string;
  readonly life: string;
}

/**
 * @internal Reads from a stream as long as it is the same. Who took nothing for a while may have missed that it was removed and made
 * anew: two streams in one answer would look like one, and the second may be somebody else's.
 */
export function readSame(log: Log, { name, life }: Made, from: number, limit: ReadLimit): MaybePromise<LogSlice> {
  return whenReady(log.read(name, from, limit), (slice) => {
    if (slice.life === life) return slice;
    throw new StreamError('stream-not-found', `the stream "${name}" was removed`, { streamId: name });
  });
}
