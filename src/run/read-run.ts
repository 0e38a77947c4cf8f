import { StreamError, type StreamInfo } from '../chunk/index.js';
import type { Streams } from '../streams/index.js';
import type { RunEvent } from './event.js';
import { Journal } from './journal.js';
import { eventsOf } from './names.js';

/** @internal A run as its stream tells it. */
export interface RunRecord {
  readonly journal: Journal;
  readonly stream: StreamInfo;
}

/**
 * Reads all that the events of a run say of it.
 *
 * @internal
 * @throws {@link StreamError} `run-not-found`
 */
export async function readRun(
  streams: Streams,
  executionId: string,
  parse: (value: unknown) => RunEvent,
): Promise<RunRecord> {
  const streamId = eventsOf(executionId);
  const stream = await streams.info(streamId);
  if (stream === undefined) throw new StreamError('run-not-found', `there is no run "${executionId}"`);
  const journal = new Journal();
  if (stream.next > stream.first) {
    for await (const { data, seq } of streams.read(streamId)) {
      journal.add(parse(data));
      if (seq + 1 >= stream.next) break;
    }
  }
  return { journal, stream };
}

/** @internal Whether nobody will ever go on with a run that has not come to its end. */
export function isLost({ journal, stream }: RunRecord): boolean {
  return journal.end === undefined && stream.status !== 'active';
}
