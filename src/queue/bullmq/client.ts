/** What this queue needs to see of a job of `bullmq`. */
export interface BullmqJob {
  id?: string | undefined;
  data: unknown;
  opts: { attempts?: number | undefined };
  attemptsStarted: number;
  attemptsMade: number;
  stalledCounter: number;
  failedReason: string;
  extendLock(token: string, durationMs: number): Promise<number>;
  moveToCompleted(value: unknown, token: string, fetchNext: boolean): Promise<unknown>;
  moveToFailed(error: Error, token: string, fetchNext: boolean): Promise<unknown>;
  moveToWait(token: string): Promise<unknown>;
  updateData(data: unknown): Promise<unknown>;
  retry(state: 'failed', options: { resetAttemptsMade: boolean }): Promise<unknown>;
  isFailed(): Promise<boolean>;
}

/** What this queue needs to see of a `Queue` of `bullmq`. */
export interface BullmqJobs {
  add(name: string, data: unknown, options: object): Promise<unknown>;
  getJob(id: string): Promise<BullmqJob | undefined>;
  getFailed(start: number, end: number): Promise<BullmqJob[]>;
  getJobCounts(
    ...types: ('waiting' | 'delayed' | 'prioritized' | 'active' | 'failed')[]
  ): Promise<Record<string, number>>;
  remove(id: string): Promise<number>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  close(): Promise<unknown>;
}

/** What this queue needs to see of a `Worker` of `bullmq`. */
export interface BullmqClaims {
  getNextJob(token: string, options: { block: boolean }): Promise<BullmqJob | undefined>;
  startStalledCheckTimer(): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  close(force: boolean): Promise<unknown>;
}

/** What this queue needs to see of the package `bullmq`. */
export interface Bullmq {
  readonly Queue: new (name: string, options: never) => BullmqJobs;
  readonly Worker: new (name: string, process: null, options: never) => BullmqClaims;
}
