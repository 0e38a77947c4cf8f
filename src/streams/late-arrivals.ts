import { type SchedulerLike, Subscription } from 'rxjs';
import { StreamError, type StreamInfo } from '../chunk/index.js';
import { attempt, type Log, whenReady } from '../log/log.js';

/** Why a stream failed that was to be completed, and of which chunks that were announced never came. */
export const chunksMissing = 'chunks-missing';

/** Whether chunks, or bytes, of a stream were announced and have not come. */
export function isIncomplete({ status, chunks, bytes }: StreamInfo): boolean {
  return status === 'active' && ((chunks.missing ?? 0) > 0 || (bytes.missing ?? 0) > 0);
}

/**
 * Ends that wait for chunks that are late: those announced when the stream was created, which its producers may still be
 * sending when somebody else says that it is complete.
 *
 * @internal
 */
export class LateArrivals {
  private readonly waiting = new Subscription();

  constructor(
    private readonly log: Log,
    private readonly graceMs: number,
    private readonly scheduler: SchedulerLike,
  ) {}

  /** Resolves when nothing is missing any more, or the grace is over, or nobody can tell; rejects on `dispose`. */
  wait(streamId: string): Promise<void> {
    return new Promise((resolve, reject) => {
      let settle = (): void =>
        reject(new StreamError('client-closed', `the end of "${streamId}" waited for its chunks`));
      const waiting = new Subscription(() => settle());
      const over = (): void => {
        settle = resolve;
        this.waiting.remove(waiting);
        waiting.unsubscribe();
      };
      const look = (): void =>
        attempt(
          () =>
            whenReady(this.log.info(streamId), (info) => {
              if (info === undefined || !isIncomplete(info)) over();
            }),
          // There is another look when more comes, and an end of waiting in any case.
          () => {},
        );
      this.waiting.add(waiting);
      waiting.add(this.log.watch(streamId, look));
      waiting.add(this.scheduler.schedule(over, this.graceMs));
      look();
    });
  }

  dispose(): void {
    this.waiting.unsubscribe();
  }
}
