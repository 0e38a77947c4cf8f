import type { SchedulerLike } from 'rxjs';
import { checkBound } from '../chunk/index.js';
import type { ClaimedJob, ClaimOptions } from './queue.js';
import { longestMs } from './rules.js';

interface Waiting {
  resolve(job: ClaimedJob | undefined): void;
  reject(error: unknown): void;
}

/** @internal Claims that wait for a job, in order. */
export class WaitingClaims {
  private readonly line = new Set<Waiting>();

  constructor(private readonly scheduler: SchedulerLike) {}

  get size(): number {
    return this.line.size;
  }

  /** Waits for a job: `undefined` when the time is over or the claim was given up. */
  wait(waitMs: number, signal: AbortSignal | undefined): Promise<ClaimedJob | undefined> {
    // It may have been given up while it was asked whether there is need to wait.
    if (signal?.aborted) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const settle = (tell: () => void): void => {
        this.line.delete(waiting);
        timer.unsubscribe();
        signal?.removeEventListener('abort', leave);
        tell();
      };
      const leave = (): void => settle(() => resolve(undefined));
      const waiting: Waiting = {
        resolve: (job) => settle(() => resolve(job)),
        reject: (error) => settle(() => reject(error as Error)),
      };
      const timer = this.scheduler.schedule(leave, waitMs);
      signal?.addEventListener('abort', leave);
      this.line.add(waiting);
    });
  }

  /** Gives a job to whoever has waited longest. Answers whether there was somebody. */
  give(job: ClaimedJob): boolean {
    const [first] = this.line;
    first?.resolve(job);
    return first !== undefined;
  }

  /** Sends everybody away without a job. */
  dismiss(): void {
    for (const { resolve } of [...this.line]) resolve(undefined);
  }

  /** Tells everybody why there is no job to be had. */
  fail(error: unknown): void {
    for (const { reject } of [...this.line]) reject(error);
  }
}

/** @internal Checks how long a claim waits. */
export function checkWait({ waitMs = 0 }: ClaimOptions): number {
  return checkBound('waitMs', waitMs, { min: 0, max: longestMs });
}
