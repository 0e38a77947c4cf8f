import { Subscription, type SchedulerLike } from 'rxjs';
import type { Streams } from '../streams/index.js';

/** How long after a change a stream is looked at: what is written to it changes it as well. */
const lookMs = 100;

/**
 * Calls back once when a stream has ended by somebody else's will, or is gone.
 *
 * @internal
 * @returns looks no more
 */
export function whenEnded(
  streams: Pick<Streams, 'log' | 'info'>,
  streamId: string,
  scheduler: SchedulerLike,
  ended: (reason: string | undefined) => void,
): () => void {
  const teardown = new Subscription();
  let isDue = false;
  const look = async (): Promise<void> => {
    isDue = false;
    try {
      const info = await streams.info(streamId);
      if (info?.status === 'active' || teardown.closed) return;
      teardown.unsubscribe();
      ended(info?.reason);
    } catch {
      // What cannot be looked at now is looked at after the next change, and when something is written.
    }
  };
  teardown.add(
    streams.log.watch(streamId, () => {
      if (isDue || teardown.closed) return;
      isDue = true;
      teardown.add(scheduler.schedule(() => void look(), lookMs));
    }),
  );
  return () => teardown.unsubscribe();
}
