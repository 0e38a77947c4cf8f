import type { NatsConnection } from '@nats-io/transport-node';
import { checkBound, StreamError } from '../../chunk/index.js';
import { followStatuses } from './statuses.js';

/**
 * What follows from an error:
 * - `later`: nothing was done, and soon it can be.
 * - `anew`: nothing was done, because JetStream does not know the log's stream.
 * - `unknown`: no answer came; it may have been done or not.
 * - `final`: nothing was done, and nothing will be.
 */
type Verdict = 'later' | 'anew' | 'unknown' | 'final';

/** What JetStream calls its refusals. */
const codes = {
  wrongLastSequence: 10_071,
  streamNotFound: 10_059,
  storeFailed: 10_077,
  storageExceeded: 10_047,
  accountExceeded: 10_002,
  memoryExceeded: 10_028,
  messageTooLarge: 10_054,
};

/** Longest wait for one answer: then it is asked again, which does no harm. */
const answerMs = 1000;

/**
 * @internal Asks JetStream, and asks again until it answers or patience ends: over a new connection, of a server that was
 * started anew, for a stream that has to be made first.
 */
export class NatsCaller {
  readonly timeoutMs: number;
  private readonly patienceMs: number;
  private readonly sent = new Set<() => void>();
  private unfollow: (() => void) | undefined;
  private disposed = false;

  constructor(
    private readonly connection: NatsConnection,
    patienceMs: number,
  ) {
    this.patienceMs = checkBound('patienceMs', patienceMs);
    this.timeoutMs = Math.min(answerMs, this.patienceMs);
  }

  /**
   * Works until it succeeds. It rejects with a `StreamError`, or with {@link AnswerLost} when in the end nobody knows whether
   * the work was done.
   *
   * @param anew - called when JetStream does not know the log's stream
   */
  async persist<T>(work: () => Promise<T>, streamId: string | undefined, anew: () => void): Promise<T> {
    let giveUpAt: number | undefined;
    let lost = false;
    for (let attempt = 0; ; attempt++) {
      if (this.disposed) throw new StreamError('log-unavailable', 'the log was disposed of');
      try {
        return await work();
      } catch (error) {
        if (error instanceof StreamError) throw error;
        const verdict = this.verdictOf(error);
        if (verdict === 'final') throw failureOf(error, streamId);
        if (verdict === 'anew') anew();
        lost ||= verdict === 'unknown';
        giveUpAt ??= Date.now() + this.patienceMs;
        if (Date.now() >= giveUpAt) throw lost ? new AnswerLost(unreachable(error)) : unreachable(error);
        await pause(Math.min(10 * 2 ** attempt, 250));
      }
    }
  }

  /** Waits for an answer, but no longer than until the connection has broken and is back: then it will not come. */
  async answer<T>(coming: Promise<T>): Promise<T> {
    this.unfollow ??= followStatuses(this.connection, (type) => {
      if (type === 'reconnect') for (const lose of [...this.sent]) lose();
    });
    return await new Promise<T>((resolve, reject) => {
      const lose = (): void => settle(() => reject(new Error('the connection was lost')));
      const settle = (tell: () => void): void => {
        this.sent.delete(lose);
        tell();
      };
      this.sent.add(lose);
      coming.then(
        (value) => settle(() => resolve(value)),
        (error: unknown) => settle(() => reject(error)),
      );
    });
  }

  private verdictOf(error: unknown): Verdict {
    if (this.connection.isClosed()) return 'final';
    const { name, status, code } = error as { name?: string; status?: number; code?: number };
    if (name === 'JetStreamApiError') {
      if (code === codes.streamNotFound) return 'anew';
      return status === 503 && code !== codes.storeFailed ? 'later' : 'final';
    }
    if (isNobodyThere(error)) return 'anew';
    return finals.has(name ?? '') ? 'final' : 'unknown';
  }

  dispose(): void {
    this.disposed = true;
    this.unfollow?.();
    this.unfollow = undefined;
  }
}

const finals = new Set([
  'PermissionViolationError',
  'AuthorizationError',
  'InvalidArgumentError',
  'InvalidSubjectError',
  'JetStreamStatusError',
  'TypeError',
  'RangeError',
]);

/** @internal Whether a message was refused because another came before it. */
export function isConflict(error: unknown): boolean {
  return codeOf(error) === codes.wrongLastSequence;
}

/** @internal No answer came for as long as patience lasted: what was asked may have been done or not. */
export class AnswerLost extends Error {
  constructor(override readonly cause: StreamError) {
    super(cause.message);
  }
}

/** The named error of what failed for good. */
function failureOf(error: unknown, streamId: string | undefined): StreamError {
  const about = streamId === undefined ? 'the log' : `stream "${streamId}"`;
  const details = { ...(streamId === undefined ? {} : { streamId }), cause: error };
  const { message } = error as Error;
  switch (codeOf(error)) {
    case codes.storeFailed:
    case codes.storageExceeded:
    case codes.accountExceeded:
    case codes.memoryExceeded:
      return new StreamError('log-full', `${about}: NATS has no room: ${message}`, details);
    case codes.messageTooLarge:
      return new StreamError('chunk-too-large', `${about}: NATS takes no messages of this size: ${message}`, details);
    default:
      return new StreamError('log-unavailable', `${about}: NATS refuses: ${message}`, details);
  }
}

function unreachable(cause: unknown): StreamError {
  const { message } = cause as Error;
  const text = isNobodyThere(cause)
    ? 'JetStream does not answer: is it enabled (nats-server -js)?'
    : `NATS cannot be reached: ${message}`;
  return new StreamError('log-unavailable', text, { cause });
}

function codeOf(error: unknown): number | undefined {
  const { name, code } = error as { name?: string; code?: number };
  return name === 'JetStreamApiError' ? code : undefined;
}

/** Whether nobody listens where the log's stream should be: JetStream is not ready yet, or off, or has no such stream. */
function isNobodyThere(error: unknown): boolean {
  const { name, isNoResponders } = error as { name?: string; isNoResponders?: () => boolean };
  return name === 'JetStreamNotEnabled' || (name === 'RequestError' && isNoResponders?.call(error) === true);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
