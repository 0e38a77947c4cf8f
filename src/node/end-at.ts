import type { Writable } from 'node:stream';

/** How long a door has to end an answer well, in milliseconds; and so many requests that end about then share a timer. */
const graceMs = 100;

/** @internal Whoever is let in until a time is let out then: by his door, or by us a moment later. */
export function endAt(expiresAt: number, stream: Pick<Writable, 'destroy' | 'once'>, now = Date.now()): void {
  const restMs = Math.max(0, expiresAt - now);
  // Longer than a timer runs, no request does.
  if (restMs > 2 ** 31 - 3 * graceMs) return;
  const timer = setTimeout(() => stream.destroy(), Math.ceil(restMs / graceMs) * graceMs + graceMs);
  timer.unref();
  stream.once('close', () => clearTimeout(timer));
}
