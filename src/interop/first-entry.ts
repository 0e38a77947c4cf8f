import type { SchedulerLike } from 'rxjs';
import { StreamError } from '../chunk/index.js';
import type { Log } from '../log/log.js';

/** @internal How long is waited. */
export interface FirstEntryOptions {
  readonly withinMs: number;
  readonly signal: AbortSignal | undefined;
  readonly scheduler: SchedulerLike;
}

/**
 * Waits for the first chunk of a stream that may not be there yet, or its end.
 *
 * @internal
 * @throws StreamError `stream-not-found` when there is none in time
 */
export async function firstEntry(log: Log, streamId: string, options: FirstEntryOptions): Promise<void> {
  const { withinMs, signal, scheduler } = options;
  let wake = (): void => {};
  const stop = log.watch(streamId, () => wake());
  let late = false;
  const timer = scheduler.schedule(() => {
    late = true;
    wake();
  }, withinMs);
  const left = (): void => wake();
  signal?.addEventListener('abort', left);
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => (wake = resolve));
      const info = await log.info(streamId);
      if (signal?.aborted === true || (info !== undefined && (info.next > 0 || info.status !== 'active'))) return;
      if (late) throw new StreamError('stream-not-found', `"${streamId}" has said nothing yet`, { streamId });
      await changed;
    }
  } finally {
    timer.unsubscribe();
    stop();
    signal?.removeEventListener('abort', left);
  }
}
