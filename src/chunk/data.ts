import { kindOf } from './errors.js';

/** Any value JSON can hold. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** An object of JSON values. */
export type JsonObject = { readonly [key: string]: JsonValue };

/** Deepest nesting of a JSON value in a chunk. */
export const maxJsonDepth = 128;

const encoder = new TextEncoder();

/** Says why `value` cannot travel as JSON without loss, or `undefined` when it can. Looks at own enumerable keys only. */
export function jsonProblem(value: unknown, depth = 0): string | undefined {
  if (value === null || typeof value === 'boolean') return undefined;
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'holds a lone surrogate';
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `holds ${value}`;
  if (typeof value !== 'object') return `holds ${kindOf(value)}`;
  if (depth >= maxJsonDepth) return `is nested deeper than ${maxJsonDepth}`;
  return Array.isArray(value) ? arrayProblem(value, depth) : objectProblem(value, depth);
}

function arrayProblem(value: readonly unknown[], depth: number): string | undefined {
  // An index loop, because a hole in a sparse array would become null on the way.
  for (let i = 0; i < value.length; i++) {
    const problem = jsonProblem(value[i], depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function objectProblem(value: object, depth: number): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return `holds a ${value.constructor.name}`;
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return 'holds an object with a toJSON method';
  for (const key of Object.keys(value)) {
    if (!key.isWellFormed()) return 'holds a key with a lone surrogate';
    const problem = jsonProblem((value as Record<string, unknown>)[key], depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Bytes of UTF-8 a well-formed string takes. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // Both halves of a surrogate pair add one byte each: four bytes for two units.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2;
  }
  return bytes;
}

/** A chunk's data as the bytes that `size` counts and `checksum` covers. */
export function dataBytes(chunk: { readonly type: string; readonly data: unknown }): Uint8Array {
  if (chunk.data instanceof Uint8Array) return chunk.data;
  return encoder.encode(chunk.type === 'text' ? (chunk.data as string) : JSON.stringify(chunk.data));
}
