import { kindOf } from './errors.js';
import type { Problem } from './issue.js';

/**
 * What a value must be: says what is wrong with one, and nothing when all is well. A few lines, where a library of schemas
 * takes fifty kilobytes: what a browser reads with. The schemas say the same, and tests hold the two together.
 *
 * @internal
 */
export type Shape = (value: unknown) => Problem | undefined;

/** @internal A value that passes a test: `expected` says in words what does. */
export function passing(test: (value: unknown) => boolean, expected: string): Shape {
  return (value) => (test(value) ? undefined : wrong(`must be ${expected}, got ${kindOf(value)}`));
}

/** @internal A value of which a function has nothing to say. */
export function without(problemOf: (value: unknown) => string | undefined): Shape {
  return (value) => {
    const message = problemOf(value);
    return message === undefined ? undefined : wrong(message);
  };
}

/** @internal Anything at all. */
export const anything: Shape = () => undefined;

/** @internal A whole number, from `min` to 2^53 - 1. */
export function whole(min = 0): Shape {
  const test = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= min;
  return passing(test, `a whole number from ${min} to 2^53 - 1`);
}

/** @internal A string of so many characters. */
export function string(min = 0, max = Infinity): Shape {
  const test = (value: unknown): boolean => typeof value === 'string' && isWithin(value, min, max);
  return passing(test, max === Infinity ? 'a string' : `a string of ${min} to ${max} characters`);
}

/** @internal One of these values. */
export function oneOf(...values: readonly unknown[]): Shape {
  return passing((value) => values.includes(value), values.join(' or '));
}

/** @internal What fits, or nothing. */
export function optional(shape: Shape): Shape {
  return (value) => (value === undefined ? undefined : shape(value));
}

/** @internal A list of so many things that fit; of exactly these, each with a shape of its own, where `item` is a list. */
export function list(item: Shape | readonly Shape[], min = 0, max = Infinity): Shape {
  const lists = passing(
    (value) => Array.isArray(value) && isWithin(value, min, max),
    max === Infinity ? 'an array' : `an array of ${min} to ${max} items`,
  );
  return (value) => lists(value) ?? firstWrong(item, value as readonly unknown[]);
}

/** @internal A list of exactly these. */
export function tuple(...items: readonly Shape[]): Shape {
  return list(items, items.length, items.length);
}

/** @internal What fits, and passes a test that looks at the whole: `message` says what it is for. */
export function where<T>(shape: Shape, test: (value: T) => boolean, message: string): Shape {
  return (value) => shape(value) ?? (test(value as T) ? undefined : wrong(message));
}

/** @internal An object of these fields, and no others. */
export function fields(shapes: Readonly<Record<string, Shape>>): Shape {
  const known = new Map(Object.entries(shapes));
  const needed = Object.keys(shapes).filter((name) => shapes[name]!(undefined) !== undefined);
  return (value) => {
    if (!isObject(value)) return object(value);
    let count = 0;
    // By the fields that are there: engines read those of a loop over an object at a third of the price of others.
    for (const name in value) {
      const shape = known.get(name);
      // What somebody added to all objects is in none of them.
      if (shape === undefined && !Object.hasOwn(value, name)) continue;
      if (shape === undefined) return wrong(`must not have a field "${name.slice(0, longestName)}"`);
      const problem = shape(value[name]);
      if (problem !== undefined) return under(name, problem);
      count++;
    }
    if (count === known.size) return undefined;
    const missing = needed.find((name) => !(name in value));
    return missing === undefined ? undefined : under(missing, shapes[missing]!(undefined)!);
  };
}

/** @internal An object that has one of these shapes: its field `name` says which. */
export function by(name: string, shapes: Readonly<Record<string, Shape>>): Shape {
  const known = new Map<unknown, Shape>(Object.entries(shapes));
  const kind = oneOf(...known.keys());
  return (value) => {
    if (!isObject(value)) return object(value);
    const shape = known.get(value[name]);
    return shape === undefined ? under(name, kind(value[name])!) : shape(value);
  };
}

const object = passing(isObject, 'an object');

/** @internal Whether a value is an object, and no array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWithin({ length }: { readonly length: number }, min: number, max: number): boolean {
  return length >= min && length <= max;
}

/** Longest part of a stranger's field name that a message quotes. */
const longestName = 64;

function wrong(message: string): Problem {
  return { field: undefined, message };
}

/** @internal A problem with what is called so in something larger. */
export function under(name: string | number, { field, message }: Problem): Problem {
  return { field: field === undefined ? `${name}` : `${name}.${field}`, message };
}

function firstWrong(item: Shape | readonly Shape[], values: readonly unknown[]): Problem | undefined {
  for (let index = 0; index < values.length; index++) {
    const shape = typeof item === 'function' ? item : item[index]!;
    const problem = shape(values[index]);
    if (problem !== undefined) return under(index, problem);
  }
  return undefined;
}
