import { kindOf } from './errors.js';

/** Options of {@link checkBound}. */
export interface BoundOptions {
  /** Smallest value allowed. Default 1. */
  readonly min?: number;
  /** Largest finite value allowed. Default 2^53 - 1. */
  readonly max?: number;
  /** Whether `Infinity` may be written. Default `false`. */
  readonly infinite?: boolean;
  /** Whether fractions are refused. Default `true`. */
  readonly whole?: boolean;
}

/**
 * Checks a numeric option at call time: counts, bytes and milliseconds.
 *
 * @returns the value itself
 * @throws TypeError when it is no number, RangeError when it is out of bounds; both name the option and the value's kind
 */
export function checkBound(name: string, value: unknown, options: BoundOptions = {}): number {
  const { min = 1, max = Number.MAX_SAFE_INTEGER, infinite = false, whole = true } = options;
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, got ${kindOf(value)}`);
  if (infinite && value === Infinity) return value;
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
  const kind = whole ? 'a whole number' : 'a number';
  const upper = max === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${max}`;
  throw new RangeError(
    `${name} must be ${kind} of at least ${min}${upper}${infinite ? ' or Infinity' : ''}, got ${value}`,
  );
}
