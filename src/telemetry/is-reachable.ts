import type { SchedulerLike } from 'rxjs';

/**
 * Whether something is done within a time. Never rejects; what takes longer goes on, and how it ends is nobody's concern.
 *
 * @internal
 */
export function isReachable(work: () => Promise<void>, timeoutMs: number, scheduler: SchedulerLike): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = scheduler.schedule(() => resolve(false), timeoutMs);
    const settle = (isDone: boolean) => (): void => {
      timer.unsubscribe();
      resolve(isDone);
    };
    work().then(settle(true), settle(false));
  });
}
