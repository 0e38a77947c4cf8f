import { kindOf } from './errors.js';

/** @internal Checks that an option is a string, or something else. @throws TypeError naming it and what it is instead */
export function checkKind(name: string, value: unknown, kind: 'boolean' | 'function' | 'string' = 'string'): void {
  if (typeof value !== kind) throw new TypeError(`${name} must be a ${kind}, got ${kindOf(value)}`);
}
