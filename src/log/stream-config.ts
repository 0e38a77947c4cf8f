import { checkBound, type JsonObject, jsonProblem, type JsonValue, kindOf } from '../chunk/index.js';
import type { StreamConfig } from './log.js';

const labels = ['session', 'source', 'target', 'contentType'] as const;
const totals = ['expectedChunks', 'expectedBytes'] as const;
const maxMetadata = 4096;

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
  if (config.metadata !== undefined) checked['metadata'] = checkMetadata(config.metadata);
  return Object.freeze(checked);
}

/** @internal Whether two checked configurations are the same. */
export function sameConfig(a: StreamConfig, b: StreamConfig): boolean {
  const sameMetadata = JSON.stringify(a.metadata) === JSON.stringify(b.metadata);
  return sameMetadata && a.ttlMs === b.ttlMs && [...labels, ...totals].every((field) => a[field] === b[field]);
}

/** A copy whose text is the same for the same content. */
function checkMetadata(metadata: unknown): JsonObject {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw new TypeError(`metadata must be a JSON object, got ${kindOf(metadata)}`);
  }
  const problem = jsonProblem(metadata);
  if (problem !== undefined) throw new TypeError(`metadata must be a JSON object but ${problem}`);
  const sorted = inOrder(metadata as JsonObject);
  const { length } = JSON.stringify(sorted);
  if (length <= maxMetadata) return sorted as JsonObject;
  throw new RangeError(`metadata must be of at most ${maxMetadata} characters of JSON, got ${length}`);
}

function inOrder(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Object.freeze((value as readonly JsonValue[]).map(inOrder));
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.freeze(Object.fromEntries(entries.map(([key, entry]) => [key, inOrder(entry as JsonValue)])));
}
