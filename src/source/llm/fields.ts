import type { JsonValue } from '../../chunk/index.js';

/**
 * An object that others have written: any field may be missing, or something else than it should be.
 *
 * @internal
 */
export type Fields = Readonly<Record<string, unknown>>;

const none: Fields = {};

/** @internal The value as an object; one without fields where it is none. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : none;
}

/** @internal The objects of a list; none where it is no list. */
export function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

/** @internal The value if it is text; otherwise nothing. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** @internal The value if it is text that says something: a name, a reason. Halves of characters in it become U+FFFD. */
export function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.toWellFormed() : undefined;
}

/** @internal The value if it is a number. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** @internal A place in a list: the first where none is said. */
export function placeOf(value: unknown): number {
  return numberOf(value) ?? 0;
}

/** Half a surrogate pair, which `JSON.stringify` escapes and nothing else. */
const lone = /(?<!\\)((?:\\\\)*)\\u(?:d[89a-f][\da-f]{2})/g;

/**
 * The value as JSON that can be kept: SDKs hand out instances of classes and `undefined`, models halves of characters.
 *
 * @internal
 */
export function plain(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value ?? null).replaceAll(lone, '$1\uFFFD')) as JsonValue;
}

/** @internal The fields that are there, for events that leave out what they do not know. */
export function known<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  const left: Partial<T> = {};
  for (const key of Object.keys(fields) as (keyof T)[]) if (fields[key] !== undefined) left[key] = fields[key];
  return left as T;
}

/** @internal What is said of a choice: the first goes without saying. */
export function inChoice<T extends object>(says: T, choice: number): T & { readonly choice?: number } {
  return choice === 0 ? says : { ...says, choice };
}
