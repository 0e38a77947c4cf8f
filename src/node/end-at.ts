import type { Writable } from 'node:stream';

/** How long an answer has to end well after that, in milliseconds. */
const graceMs = 1000;

/** @internal Whoever is let in until a time is let out then: by his door, or by us a little later. */
export function endAt(expiresAt: number, stream: Pick<Writable, 'destroy' | 'once'>, now = Date.now()): void {
  const restMs = Math.max(0, expiresAt - now);
  // Longer than a timer runs, no request does.
  if (restMs > 2 ** 31 - 3 * graceMs) return;
  // In whole seconds, so that many share a timer.
  const timer = setTimeout(() => stream.destroy(), Math.ceil(restMs / graceMs) * graceMs + graceMs);
  timer.unref();
  stream.once('close', () => clearTimeout(timer));
}
