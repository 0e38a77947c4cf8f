/**
 * How long to wait behind so many failures, in milliseconds: between half the longest and the longest, so that what failed
 * together does not come back together. The longest doubles with each failure, up to a bound.
 *
 * @internal
 */
export function retryWait(failures: number, delayMs: number, maxDelayMs: number, random: () => number): number {
  return Math.min(maxDelayMs, delayMs * 2 ** (failures - 1)) * (0.5 + random() / 2);
}
