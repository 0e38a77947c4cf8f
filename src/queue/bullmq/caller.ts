import type { SchedulerLike, Subscription } from 'rxjs';
import { StreamError } from '../../chunk/index.js';
import { queueClosed } from '../rules.js';

/** What BullMQ answers when somebody acts on a job that he does not have: no job, no lock, not active, another's lock. */
const notHeld = new Set<unknown>([-1, -2, -3, -6]);
/** What Redis says when its memory is full, or its disk. Older ones put the error of a command in a script behind a colon. */
const noRoom = /(?:^|: -?)(?:OOM|MISCONF) /;

/** Calls BullMQ: each call waits for Redis as long as patience lasts. */
export class BullmqCaller {
  /** No more calls: what fails from now on fails because of that. */
  closed = false;
  private trouble: unknown;

  constructor(
    private readonly patienceMs: number,
    private readonly scheduler: SchedulerLike,
  ) {}

  /** What BullMQ says beside all calls: why a call has no answer. */
  blame(error: unknown): void {
    this.trouble = error;
  }

  /** Waits for Redis as long as patience lasts. What comes later goes to `late`. */
  async call<T>(work: () => Promise<T>, late?: (value: T) => Promise<unknown> | undefined): Promise<T> {
    let patience: Subscription | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        let isLate = false;
        const giveUp = (): void => {
          isLate = true;
          reject(new Error(`no answer within ${this.patienceMs} ms`, { cause: this.trouble }));
        };
        patience = this.scheduler.schedule(giveUp, this.patienceMs);
        // A failure that comes too late is nobody's.
        work().then((value) => (isLate ? void late?.(value)?.catch(() => {}) : resolve(value)), reject);
      });
    } catch (cause) {
      if (cause instanceof StreamError || isNotHeld(cause)) throw cause;
      if (this.closed) throw queueClosed();
      const { message } = cause as Error;
      if (noRoom.test(message)) throw new StreamError('queue-full', `Redis has no room: ${message}`, { cause });
      throw new StreamError('queue-unavailable', `Redis cannot be asked: ${message}`, { cause });
    } finally {
      patience?.unsubscribe();
    }
  }
}

/** Whether BullMQ says that the caller does not have the job. */
export function isNotHeld(error: unknown): boolean {
  return error instanceof Error && notHeld.has((error as { code?: unknown }).code);
}
