import * as z from 'zod';
import type { BoundOptions } from '../../chunk/index.js';

/** How the text of an environment variable or a flag becomes a value. */
export type SettingKind = 'text' | 'number' | 'flag' | 'list' | 'json';

/** What a setting says of itself, beside what it may be. */
export interface SettingMeta {
  readonly kind: SettingKind;
  /** What it is for, in a few words. */
  readonly description: string;
  /** What it may be, for the list of all settings. */
  readonly values: string;
  /** Never shown: all of it, or the password of a URL. */
  readonly secret?: boolean | 'url';
}

/** Hides a setting from whoever looks at the configuration. */
export type Secrecy = Pick<SettingMeta, 'secret'>;

/** A setting that is a text. */
export function text<T extends string | undefined>(fallback: T, description: string, secrecy: Secrecy = {}) {
  const schema = z.string({ error: 'must be a text' }).min(1, 'must be a text');
  return settled(schema, fallback, { kind: 'text', description, values: 'a text', ...secrecy });
}

/** A setting that is a whole number: counts, bytes, milliseconds. */
export function whole<T extends number | undefined>(fallback: T, description: string, options: BoundOptions = {}) {
  const { min = 1, max = maxNumber, infinite = false } = options;
  const values = `${max === maxNumber ? `${min} or more` : `${min} to ${max}`}${infinite ? ', or Infinity' : ''}`;
  const error = `must be a whole number, ${values}`;
  const finite = z.int({ error }).min(min, error).max(max, error);
  const schema: z.ZodType<number, number> = infinite ? z.union([finite, z.literal(Infinity)], { error }) : finite;
  return settled(schema, fallback, { kind: 'number', description, values });
}

const maxNumber = Number.MAX_SAFE_INTEGER;

/** A setting that is on or off. */
export function flag<T extends boolean | undefined>(fallback: T, description: string) {
  const schema = z.boolean({ error: 'must be true or false' });
  return settled(schema, fallback, { kind: 'flag', description, values: 'true or false' });
}

/** A setting that is one of a few words. */
export function choice<const C extends string, T extends C | undefined>(
  choices: readonly C[],
  fallback: T,
  description: string,
) {
  const values = choices.join(', ');
  const schema = z.enum(choices, { error: `must be one of ${values}` });
  return settled(schema as z.ZodType<C, C>, fallback, { kind: 'text', description, values });
}

/** A setting that is a list of texts: in one variable with commas between. */
export function list(description: string, secrecy: Secrecy = {}) {
  const error = 'must be a list of texts';
  const schema: z.ZodType<readonly string[], readonly string[]> = z.array(z.string({ error }).min(1, error), { error });
  return settled(schema, [], { kind: 'list', description, values: 'texts', ...secrecy });
}

/** A setting of another shape: in a variable or flag it is written as JSON. */
export function shaped<S extends z.ZodType, T extends z.output<S> | undefined>(
  schema: S,
  fallback: T,
  description: string,
  about: Secrecy & { readonly values: string },
) {
  return settled(schema, fallback, { kind: 'json', description, ...about });
}

/** With its default, where it has one; else it may be left out. */
type Settled<S extends z.ZodType, T> = T extends undefined ? z.ZodOptional<S> : z.ZodDefault<S>;

function settled<S extends z.ZodType, T>(schema: S, fallback: T, meta: SettingMeta): Settled<S, T> {
  const filled = fallback === undefined ? schema.optional() : schema.default(fallback as never);
  return filled.meta({ ...meta }) as unknown as Settled<S, T>;
}
