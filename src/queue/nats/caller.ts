import type { NatsConnection } from '@nats-io/transport-node';
import type { SchedulerLike } from 'rxjs';
import { StreamError } from '../../chunk/index.js';
import { queueClosed } from '../rules.js';

/** What JetStream calls its refusals. */
const codes = {
  wrongLastSequence: 10_071,
  streamNotFound: 10_059,
  consumerNotFound: 10_014,
  storeFailed: 10_077,
  storageExceeded: 10_047,
  accountExceeded: 10_002,
  memoryExceeded: 10_028,
  messageTooLarge: 10_054,
};

const full = new Set<unknown>([codes.storeFailed, codes.storageExceeded, codes.accountExceeded, codes.memoryExceeded]);
const absent = new Set<unknown>([codes.streamNotFound, codes.consumerNotFound]);

/** Errors after which asking again is no use. */
const finals = new Set<unknown>([
  'PermissionViolationError',
  'AuthorizationError',
  'InvalidArgumentError',
  'InvalidSubjectError',
  'TypeError',
  'RangeError',
]);

/** @internal Longest wait for one answer: then it is asked again, which does no harm. */
export const answerMs = 1000;

/** @internal Asks JetStream, and asks again until it answers or patience ends. */
export class NatsCaller {
  private closed = false;

  constructor(
    private readonly connection: NatsConnection,
    private readonly scheduler: SchedulerLike,
    private readonly patienceMs: number,
  ) {}

  /**
   * Works until it succeeds. What was refused because another came before is thrown as it is, see {@link isConflict}.
   *
   * @param anew - called when JetStream does not know the queue's streams
   */
  async persist<T>(work: () => Promise<T>, anew: () => void): Promise<T> {
    const giveUpAt = performance.now() + this.patienceMs;
    for (let attempt = 0; ; attempt++) {
      if (this.closed) throw queueClosed();
      try {
        return await work();
      } catch (error) {
        if (this.closed) throw queueClosed();
        if (error instanceof StreamError || isConflict(error)) throw error;
        if (this.isFinal(error)) throw failureOf(error);
        if (isAbsent(error)) anew();
        if (performance.now() >= giveUpAt) throw unreachable(error);
        await this.pause(Math.min(10 * 2 ** attempt, 250));
      }
    }
  }

  private isFinal(error: unknown): boolean {
    const { name, status, code } = error as { name?: string; status?: number; code?: number };
    if (this.connection.isClosed()) return true;
    if (name !== 'JetStreamApiError') return finals.has(name);
    return !absent.has(code) && (status !== 503 || full.has(code));
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.scheduler.schedule(() => resolve(), ms));
  }

  dispose(): void {
    this.closed = true;
  }
}

/** @internal Whether a message was refused because another came before it. */
export function isConflict(error: unknown): boolean {
  return codeOf(error) === codes.wrongLastSequence;
}

function codeOf(error: unknown): number | undefined {
  const { name, code } = error as { name?: string; code?: number };
  return name === 'JetStreamApiError' ? code : undefined;
}

/** Whether nobody listens where the queue should be: JetStream is not ready yet, or off, or has no such stream. */
function isAbsent(error: unknown): boolean {
  return absent.has(codeOf(error)) || isNobodyThere(error);
}

function isNobodyThere(error: unknown): boolean {
  const { name, isNoResponders } = error as { name?: string; isNoResponders?: () => boolean };
  return name === 'JetStreamNotEnabled' || name === 'NoRespondersError' || isNoResponders?.call(error) === true;
}

function failureOf(cause: unknown): StreamError {
  const { message } = cause as Error;
  const code = codeOf(cause);
  if (full.has(code)) return new StreamError('queue-full', `NATS has no room for the job: ${message}`, { cause });
  if (code === codes.messageTooLarge) {
    return new StreamError('job-too-large', `NATS takes no messages of this size: ${message}`, { cause });
  }
  return new StreamError('queue-unavailable', `NATS refuses: ${message}`, { cause });
}

function unreachable(cause: unknown): StreamError {
  const { message } = cause as Error;
  const text = isNobodyThere(cause)
    ? 'JetStream does not answer: is it enabled (nats-server -js)?'
    : `NATS cannot be reached: ${message}`;
  return new StreamError('queue-unavailable', text, { cause });
}
