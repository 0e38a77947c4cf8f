import { exhaustMap, type SchedulerLike, type Subscription, timer } from 'rxjs';
import { createChunk, encodeChunk, type StreamError, toStreamError } from '../chunk/index.js';
import type { DeadJob, Queue } from '../queue/queue.js';
import type { Streams } from '../streams/index.js';
import { callStreams } from './call.js';
import { isOver, reasonOf } from './call-log.js';

/** Options of {@link watchDeadCalls}. */
interface WatchOptions {
  readonly everyMs: number;
  readonly scheduler: SchedulerLike;
  onTrouble(error: StreamError): void;
}

/** Looks that are left out where as many letters are there as before: the oldest may have gone for the newest. */
const rest = 12;

/**
 * Ends the streams of calls whose jobs are dead letters, so that nobody waits for them: workers may die one after the other with
 * a job, and none is there to say so.
 *
 * @internal
 */
export function watchDeadCalls(queue: Queue, streams: Streams, options: WatchOptions): Subscription {
  const { everyMs, scheduler, onTrouble } = options;
  let ended: ReadonlySet<string> = new Set();
  let left = 0;
  const look = async (): Promise<void> => {
    const { dead } = await queue.counts();
    if (dead === 0 || (dead === ended.size && left-- > 0)) return;
    left = rest;
    const letters = await queue.dead(dead);
    for (const letter of letters) if (!ended.has(keyOf(letter))) await endDeadCall(streams, letter, scheduler);
    ended = new Set(letters.map(keyOf));
  };
  return timer(0, everyMs, scheduler)
    .pipe(
      exhaustMap(async () => {
        try {
          await look();
        } catch (error) {
          // The next look may get further.
          onTrouble(toStreamError(error, 'internal'));
        }
      }),
    )
    .subscribe();
}

const keyOf = ({ id, attempt }: Pick<DeadJob, 'id' | 'attempt'>): string => `${attempt} ${id}`;

/** @internal Ends the stream of a call that was given up, as failed. Whoever still works on it is fenced. */
export async function endDeadCall(
  streams: Pick<Streams, 'append'>,
  { id, attempt, reason: why }: Pick<DeadJob, 'id' | 'attempt' | 'reason'>,
  scheduler: SchedulerLike,
): Promise<void> {
  // Queues hold other work as well.
  if (!id.startsWith(callStreams)) return;
  const reason = reasonOf(why);
  const data = { type: 'error', message: reason, code: 'stream-failed' };
  const chunk = createChunk({ streamId: id, seq: 0, data, final: true, timestamp: scheduler.now() });
  try {
    await streams.append(id, [encodeChunk(chunk)], {
      producer: { id, epoch: attempt + 1, seq: 0 },
      close: { status: 'failed', reason },
      create: false,
    });
  } catch (error) {
    if (!isOver(error)) throw error;
  }
}
