import { kindOf } from '../../chunk/index.js';
import type { Earlier } from '../earlier.js';
import { PipelineError, within } from './pipeline-error.js';

/** @internal What a `$from` refers to: the run's input, the item at hand, or a step; and a path into it. */
export interface Reference {
  readonly to: 'input' | 'item' | 'index' | 'step';
  /** Which step. */
  readonly step?: string;
  readonly path: readonly string[];
}

/** @internal A reference, and the field it stands in. */
export interface Referred {
  readonly field: string;
  readonly reference: Reference;
}

const stepId = /^[\w-]{1,64}$/;

/** @internal Reads `input.a.b`, `item.a`, `index` or `steps.ID.a`. */
export function parseReference(text: unknown, field: string): Reference {
  const malformed = (why: string): never => {
    throw new PipelineError('reference-malformed', field, why);
  };
  if (typeof text !== 'string') return malformed(`$from must be a string, got ${kindOf(text)}`);
  const [head = '', ...path] = text.split('.');
  if (path.includes('')) return malformed('$from must not have empty parts');
  if (head === 'input' || head === 'item') return { to: head, path };
  if (head === 'index' && path.length === 0) return { to: 'index', path };
  const [step = '', ...rest] = path;
  if (head === 'steps' && stepId.test(step)) return { to: 'step', step, path: rest };
  return malformed('$from must begin with input, item, steps.ID, or be index');
}

/** @internal All references in a value, checked. `{ "$from": … }` is one; `{ "$join": […] }` joins texts. */
export function referencesIn(value: unknown, field: string): Referred[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item, i) => referencesIn(item, within(field, i)));
  const [operator] = operatorOf(value, field);
  if (operator === '$from') {
    return [{ field, reference: parseReference((value as { $from: unknown }).$from, field) }];
  }
  return Object.entries(value).flatMap(([key, item]) => referencesIn(item, within(field, key)));
}

/** @internal Paths to what is only known while a run goes on. */
export function computedFields(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [];
  if (!Array.isArray(value) && operatorOf(value, '').length > 0) return [path];
  return Object.entries(value).flatMap(([key, item]) => computedFields(item, [...path, key]));
}

function operatorOf(value: object, field: string): readonly [operator?: '$from' | '$join', operand?: unknown] {
  const entries = Object.entries(value);
  const found = entries.find(([key]) => key.startsWith('$'));
  if (found === undefined) return [];
  const [key, operand] = found;
  if (key !== '$from' && key !== '$join') {
    throw new PipelineError('reference-malformed', field, `there is no "${key.slice(0, 64)}", only $from and $join`);
  }
  if (entries.length > 1) throw new PipelineError('reference-malformed', field, `${key} must stand alone`);
  if (key === '$join' && !Array.isArray(operand)) {
    throw new PipelineError('reference-malformed', field, `$join must be an array, got ${kindOf(operand)}`);
  }
  return [key, operand];
}

/** @internal A value with everything put in that it refers to. */
export function evaluate(value: unknown, earlier: Earlier): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => evaluate(item, earlier));
  const [operator, operand] = operatorOf(value, '');
  if (operator === '$from') return lookUp(parseReference(operand, ''), earlier);
  if (operator === '$join') return (operand as unknown[]).map((item) => textOf(evaluate(item, earlier))).join('');
  // What is not there is left out: an own undefined would be no JSON.
  const fields = Object.entries(value).map(([key, item]) => [key, evaluate(item, earlier)] as const);
  return Object.fromEntries(fields.filter(([, item]) => item !== undefined));
}

function textOf(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function lookUp({ to, step = '', path }: Reference, earlier: Earlier): unknown {
  let value: unknown;
  if (to === 'input') value = earlier.input;
  else if (to === 'item') value = earlier.item?.value;
  else if (to === 'index') value = earlier.item?.index;
  else value = earlier.output(step);
  for (const key of path) {
    // Only what is its own: nothing of what all objects have.
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
