import { checkBound, kindOf } from '../chunk/index.js';
import type { StreamConfig } from './log.js';

const labels = ['session', 'source', 'target', 'contentType'] as const;
const totals = ['expectedChunks', 'expectedBytes'] as const;

/**
 * @internal Checks what a stream is created with at call time: TypeError or RangeError.
 *
 * @returns a frozen copy, without fields that are `undefined`
 */
export function checkConfig(config: StreamConfig = {}): StreamConfig {
  const checked: Record<string, unknown> = {};
  for (const label of labels) {
    const value: unknown = config[label];
    if (value === undefined) continue;
    if (typeof value !== 'string') throw new TypeError(`${label} must be a string, got ${kindOf(value)}`);
    checked[label] = value;
  }
  for (const total of totals) {
    if (config[total] !== undefined) checked[total] = checkBound(total, config[total], { min: 0 });
  }
  if (config.ttlMs !== undefined) checked['ttlMs'] = checkBound('ttlMs', config.ttlMs, { infinite: true });
  return Object.freeze(checked);
}

/** @internal Whether two checked configurations are the same. */
export function sameConfig(a: StreamConfig, b: StreamConfig): boolean {
  return a.ttlMs === b.ttlMs && [...labels, ...totals].every((field) => a[field] === b[field]);
}
