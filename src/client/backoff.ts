import { checkBound } from '../chunk/index.js';

/** How long to wait between attempts to connect. */
export interface BackoffOptions {
  /** Upper bound of the first wait, in milliseconds. Default 500. */
  readonly minMs?: number;
  /** Upper bound of every wait, in milliseconds. Default 30 000. */
  readonly maxMs?: number;
  /** A number from 0 up to 1, not included. Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * Makes a function from the number of failed attempts (0, 1, 2 …) to a wait in milliseconds: random between 0 and a bound
 * that doubles, so that clients that lost their server together do not come back together ("full jitter").
 */
export function createBackoff(options: BackoffOptions = {}): (attempt: number) => number {
  const minMs = checkBound('backoff.minMs', options.minMs ?? 500);
  const maxMs = checkBound('backoff.maxMs', options.maxMs ?? 30_000, { min: minMs });
  const random = options.random ?? Math.random;
  return (attempt) => random() * Math.min(maxMs, minMs * 2 ** attempt);
}

/**
 * Makes a function from a wait that a server asks for to a random part of it, but never more than the longest wait there is: those
 * it sends away together do not come back together, and nobody is sent away for good.
 */
export function createSpread({ maxMs = 30_000, random = Math.random }: BackoffOptions = {}): (ms: number) => number {
  return (ms) => random() * Math.min(ms, maxMs);
}
