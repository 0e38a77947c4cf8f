import { checkBound, jsonProblem, kindOf, StreamError, utf8Length } from '../chunk/index.js';
import type { EnqueueOptions, QueueOptions } from './queue.js';

/** @internal Longest wait: timers of the platform take less than 2^31 ms, and fire at once beyond. */
export const longestMs = 1_000_000_000;

/** @internal A job that was found good. */
export interface Draft {
  readonly id: string;
  /** Whether the id was given. */
  readonly named: boolean;
  /** The payload, as JSON. */
  readonly text: string;
  readonly bytes: number;
  readonly delayMs: number;
  readonly maxAttempts: number;
}

const idCharacters = 256;
const reasonCharacters = 1024;
const fromZero = { min: 0, max: longestMs };

/** @internal What a queue was told by its options, checked; and what follows for its jobs. */
export class QueueRules {
  readonly leaseMs: number;
  readonly maxJobs: number;
  readonly maxDead: number;
  readonly maxPayloadBytes: number;
  private readonly maxAttempts: number;
  private readonly retryMs: number;
  private readonly maxRetryMs: number;
  private readonly random: () => number;

  constructor(options: QueueOptions) {
    this.leaseMs = checkBound('leaseMs', options.leaseMs ?? 30_000, { max: longestMs });
    this.maxAttempts = checkBound('maxAttempts', options.maxAttempts ?? 5);
    this.maxJobs = checkBound('maxJobs', options.maxJobs ?? 100_000);
    this.maxDead = checkBound('maxDead', options.maxDead ?? 10_000);
    this.maxPayloadBytes = checkBound('maxPayloadBytes', options.maxPayloadBytes ?? 256 * 1024);
    this.retryMs = checkBound('retryMs', options.retryMs ?? 1000, { max: longestMs });
    const maxRetryMs = options.maxRetryMs ?? Math.max(60_000, this.retryMs);
    this.maxRetryMs = checkBound('maxRetryMs', maxRetryMs, { min: this.retryMs, max: longestMs });
    this.random = options.random ?? Math.random;
  }

  /** Checks a job to be. */
  draft(payload: unknown, options: EnqueueOptions = {}): Draft {
    const { id = crypto.randomUUID() } = options;
    const delayMs = checkBound('delayMs', options.delayMs ?? 0, fromZero);
    const maxAttempts = checkBound('maxAttempts', options.maxAttempts ?? this.maxAttempts);
    checkId(id);
    const problem = jsonProblem(payload);
    if (problem !== undefined) throw new StreamError('job-invalid', `a job's payload ${problem}`, { field: 'payload' });
    const text = JSON.stringify(payload);
    const bytes = utf8Length(text);
    if (bytes > this.maxPayloadBytes) {
      const message = `a job's payload takes ${bytes} bytes of JSON: the queue takes ${this.maxPayloadBytes}`;
      throw new StreamError('job-too-large', message, { job: id });
    }
    return { id, named: options.id !== undefined, text, bytes, delayMs, maxAttempts };
  }

  /** How long a job waits that has failed so often: jobs that failed together do not come back together. */
  retryDelayMs(failures: number): number {
    const longest = Math.min(this.maxRetryMs, this.retryMs * 2 ** (failures - 1));
    return Math.ceil((longest * (1 + this.random())) / 2);
  }

  /** Checks the wait that a failed attempt asks for. */
  failDelayMs(asked: number | undefined, failures: number): number {
    return asked === undefined ? this.retryDelayMs(failures) : checkBound('delayMs', asked, fromZero);
  }

  full(id: string): StreamError {
    return new StreamError('queue-full', `the queue holds ${this.maxJobs} jobs, and takes no more`, { job: id });
  }
}

/** @internal Checks a job's id. */
export function checkId(id: unknown): string {
  const problem = idProblem(id);
  if (problem === undefined) return id as string;
  throw new StreamError('job-invalid', `a job's id must be ${problem}`, { field: 'id' });
}

function idProblem(id: unknown): string | undefined {
  if (typeof id !== 'string') return `a string, got ${kindOf(id)}`;
  if (id === '' || id.length > idCharacters) return `of 1 to ${idCharacters} characters, got ${id.length}`;
  return id.isWellFormed() ? undefined : 'without lone surrogates';
}

/** @internal A reason as it is kept. Checked before anything is done to the job that it is about. */
export function reasonOf(reason: string): string {
  if (typeof reason !== 'string') throw new TypeError(`reason must be a string, got ${kindOf(reason)}`);
  return reason.slice(0, reasonCharacters).toWellFormed();
}

/** @internal Why a job is dead whose claimers have all fallen silent. */
export const silent = 'the lease ran out';

/** @internal Refuses who has no say about a job any more. */
export function leaseLost(id: string, attempt: number, cause?: unknown): StreamError {
  const message = `job "${id}": attempt ${attempt} has lost its lease, or is over`;
  return new StreamError('lease-lost', message, { job: id, ...(cause === undefined ? {} : { cause }) });
}

/** @internal Refuses calls of a queue that was disposed of. */
export function queueClosed(): StreamError {
  return new StreamError('queue-closed', 'the queue was disposed of');
}
