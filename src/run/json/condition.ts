import { kindOf, StreamError } from '../../chunk/index.js';
import type { Earlier } from '../earlier.js';
import { evaluate, type Referred, referencesIn } from './expression.js';
import { PipelineError, within } from './pipeline-error.js';

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  less: (a, b) => a < b,
  at_most: (a, b) => a <= b,
  greater: (a, b) => a > b,
  at_least: (a, b) => a >= b,
};

const words = ['equals', ...Object.keys(comparisons), 'contains', 'exists', 'not', 'all', 'any'];

/**
 * @internal Checks a condition and answers what it refers to. It is `true`, `false`, a `$from` that is one of these, or one of
 * `equals`, `less`, `at_most`, `greater`, `at_least`, `contains` of two values, `exists` of one, `not` of a condition, `all` or `any` of
 * some.
 */
export function checkCondition(condition: unknown, field: string): Referred[] {
  if (typeof condition === 'boolean') return [];
  const malformed = (at: string, why: string): never => {
    throw new PipelineError('condition-malformed', at, why);
  };
  if (typeof condition !== 'object' || condition === null || Array.isArray(condition)) {
    return malformed(field, `a condition must be true, false or an object, got ${kindOf(condition)}`);
  }
  if ('$from' in condition) return referencesIn(condition, field);
  const [word, operand] = onlyEntry(condition);
  if (word === undefined || !words.includes(word)) {
    return malformed(field, `a condition must be one of ${words.join(', ')}`);
  }
  const at = within(field, word);
  if (word === 'not') return checkCondition(operand, at);
  if (word === 'exists') return referencesIn(operand, at);
  if (!Array.isArray(operand)) return malformed(at, `must be an array, got ${kindOf(operand)}`);
  if (word === 'all' || word === 'any') return operand.flatMap((part, i) => checkCondition(part, within(at, i)));
  return operand.length === 2 ? referencesIn(operand, at) : malformed(at, 'must be an array of two values');
}

function onlyEntry(condition: object): readonly [word?: string, operand?: unknown] {
  const entries = Object.entries(condition);
  return entries.length === 1 ? entries[0]! : [];
}

/** @internal Whether a condition that was checked holds. @throws {@link StreamError} `data-malformed` for values it is no question of */
export function holds(condition: unknown, earlier: Earlier): boolean {
  if (typeof condition === 'boolean') return condition;
  const [word = '', operand] = onlyEntry(condition as object);
  switch (word) {
    case '$from':
      return truth(evaluate(condition, earlier));
    case 'not':
      return !holds(operand, earlier);
    case 'all':
      return (operand as unknown[]).every((part) => holds(part, earlier));
    case 'any':
      return (operand as unknown[]).some((part) => holds(part, earlier));
    case 'exists':
      return evaluate(operand, earlier) !== undefined;
    default:
      return compare(
        word,
        (operand as unknown[]).map((value) => evaluate(value, earlier)),
      );
  }
}

function truth(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new StreamError('data-malformed', `a condition must be true or false, got ${kindOf(value)}`);
}

function compare(word: string, [a, b]: readonly unknown[]): boolean {
  if (word === 'equals') return same(a, b);
  if (word === 'contains') return contains(a, b);
  if (typeof a === 'number' && typeof b === 'number') return comparisons[word]!(a, b);
  throw new StreamError('data-malformed', `${word} must compare numbers, got ${kindOf(a)} and ${kindOf(b)}`);
}

function contains(whole: unknown, part: unknown): boolean {
  if (typeof whole === 'string' && typeof part === 'string') return whole.includes(part);
  if (Array.isArray(whole)) return whole.some((item) => same(item, part));
  throw new StreamError(
    'data-malformed',
    `contains must look into an array, or for a text in a text, got ${kindOf(whole)}`,
  );
}

/** Whether two values are the same JSON. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same((a as never)[key], (b as never)[key]))
  );
}
