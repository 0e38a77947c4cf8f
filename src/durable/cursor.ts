/** The protocol counts intervals from here: 9 October 2024. */
const epochMs = Date.UTC(2024, 9, 9);
const intervalMs = 20_000;
/** A cursor that would repeat goes up to an hour ahead. */
const maxSteps = 3_600_000 / intervalMs;

/**
 * @internal The cursor of a live answer: which interval of 20 s it is, so that caches tell answers apart. Never the one the
 * reader came with, nor a lower one, so that no reader gets the same cached answer for ever.
 */
export function nextCursor(now: number, asked: number | undefined, random: () => number): number {
  const current = Math.floor((now - epochMs) / intervalMs);
  if (asked === undefined || asked < current) return current;
  return asked + 1 + Math.floor(random() * maxSteps);
}
