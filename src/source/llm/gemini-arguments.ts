import type { JsonValue } from '../../chunk/index.js';
import { type Fields, textOf } from './fields.js';

type Container = Record<string, JsonValue> | JsonValue[];

/** A name, or a number in brackets, or a name in brackets and quotes. */
const step = /\.(?<name>[^.[\]]+)|\[(?<index>\d{1,4})\]|\[(?:'(?<single>[^']*)'|"(?<double>[^"]*)")\]/g;

/**
 * The input of a tool, written as Gemini does with `streamFunctionCallArguments`: values by their path, texts in pieces.
 *
 * @internal
 */
export class GeminiArguments {
  /** As far as it has come. */
  readonly value: Record<string, JsonValue> = {};

  /** Takes one of `partialArgs`. */
  add(part: Fields): void {
    const path = stepsOf(textOf(part['jsonPath']));
    const last = path.pop();
    if (last === undefined) return;
    let at: Container = this.value;
    for (const [i, key] of path.entries()) at = within(at, key, typeof (path[i + 1] ?? last) === 'number');
    const before = get(at, last);
    const piece = part['stringValue'];
    if (typeof piece === 'string') set(at, last, (typeof before === 'string' ? before : '') + piece);
    else if (typeof part['numberValue'] === 'number') set(at, last, part['numberValue']);
    else if (typeof part['boolValue'] === 'boolean') set(at, last, part['boolValue']);
    else if ('nullValue' in part) set(at, last, null);
  }
}

function stepsOf(path: string): (string | number)[] {
  return Array.from(path.matchAll(step), ({ groups = {} }) => {
    const { name, index, single, double } = groups;
    return index === undefined ? (name ?? single ?? double ?? '') : Number(index);
  });
}

function within(container: Container, key: string | number, list: boolean): Container {
  const there = get(container, key);
  if (typeof there === 'object' && there !== null) return there as Container;
  const made: Container = list ? [] : {};
  set(container, key, made);
  return made;
}

function get(container: Container, key: string | number): JsonValue | undefined {
  return Object.hasOwn(container, key) ? (container as Record<string | number, JsonValue>)[key] : undefined;
}

/** Defined, not assigned: `__proto__` is a name like others. */
function set(container: Container, key: string | number, value: JsonValue): void {
  // A list without holes: JSON has none.
  if (Array.isArray(container)) while (container.length < Number(key)) container.push(null);
  Object.defineProperty(container, key, { value, writable: true, enumerable: true, configurable: true });
}
