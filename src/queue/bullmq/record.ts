import type { JsonValue } from '../../chunk/index.js';
import type { BullmqJob } from './client.js';

/** What is kept of a job beside what BullMQ keeps. */
export interface Kept {
  readonly payload: JsonValue;
  readonly maxAttempts: number;
  /** Tells apart two jobs of one id. */
  readonly nonce: string;
  /** Leases that had run out when the job was tried anew. */
  readonly pardoned?: number;
}

/** Why an attempt has failed, as BullMQ is told; without a delay there is no other. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly delayMs: number | undefined,
  ) {
    super(message);
    this.name = delayMs === undefined ? 'UnrecoverableError' : 'Failure';
    // BullMQ keeps it, and nobody reads it.
    this.stack = '';
  }
}

/** What a job is called in BullMQ, which refuses ids that are numbers or hold a colon. */
export function keyOf(id: string): string {
  return `j-${encodeURIComponent(id)}`;
}

/** A job as it is told, whoever has enqueued it. */
export function describeJob(job: BullmqJob): { id: string; payload: JsonValue; attempt: number; maxAttempts: number } {
  const { id = '', data, attemptsStarted: attempt } = job;
  const { payload, maxAttempts } = isKept(data) ? data : { payload: null, maxAttempts: 1 };
  return { id: idOf(id), payload, attempt, maxAttempts };
}

/** A job of somebody else's may be called anything. */
function idOf(key: string): string {
  try {
    return key.startsWith('j-') ? decodeURIComponent(key.slice(2)) : key;
  } catch {
    return key;
  }
}

/** Whether a queue of ours has enqueued it. */
export function isKept(data: unknown): data is Kept {
  const { payload, maxAttempts } = (data ?? {}) as Partial<Kept>;
  return payload !== undefined && Number.isInteger(maxAttempts);
}

/** Failures, and leases that ran out, since the job was enqueued or tried anew. */
export function failuresOf({ attemptsMade, stalledCounter, data }: BullmqJob): number {
  return attemptsMade + stalledCounter - ((data as Kept | null)?.pardoned ?? 0);
}
