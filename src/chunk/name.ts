import { utf8Length } from './data.js';
import { kindOf, StreamError } from './errors.js';

/** Longest stream name, in bytes of UTF-8. */
export const maxNameBytes = 512;

/** Nearly every name is of this kind: one look tells, where the full check takes seven. */
const plain = /^[\w-]+(?:[./][\w-]+)*$/;

// eslint-disable-next-line no-control-regex -- control characters are what we look for
const forbidden = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u;

/** The name that was found valid last: chunk after chunk is of the same stream. */
let latest: string | undefined;

/**
 * Says why `name` cannot be a stream name, or `undefined` when it can.
 *
 * A name is a path of segments joined by `/`, such as `books/moby-dick`: 1 to 512 bytes of UTF-8, no empty segment, no
 * `.` or `..` segment, no control character or line separator, no backslash, no lone surrogate.
 */
export function nameProblem(name: unknown): string | undefined {
  if (name === latest && latest !== undefined) return undefined;
  if (typeof name !== 'string') return `must be a string, got ${kindOf(name)}`;
  if (name === '') return 'must not be empty';
  // The first look keeps a name of megabytes from being read at all.
  if (name.length > maxNameBytes || utf8Length(name) > maxNameBytes) {
    return `must be at most ${maxNameBytes} bytes of UTF-8`;
  }
  const problem = plain.test(name) ? undefined : oddNameProblem(name);
  if (problem === undefined) latest = name;
  return problem;
}

function oddNameProblem(name: string): string | undefined {
  if (!name.isWellFormed()) return 'must not hold a lone surrogate';
  if (forbidden.test(name)) return 'must not hold a control character or line separator';
  if (name.includes('\\')) return 'must not hold a backslash';
  for (const segment of name.split('/')) {
    if (segment === '') return 'must not have an empty segment';
    if (segment === '.' || segment === '..') return `must not have a "${segment}" segment`;
  }
  return undefined;
}

/**
 * Checks a stream name.
 *
 * @returns the name itself
 * @throws {@link StreamError} `name-invalid`, with the reason
 */
export function checkName(name: unknown): string {
  const problem = nameProblem(name);
  if (problem !== undefined) throw new StreamError('name-invalid', `stream name ${problem}`, { field: 'stream' });
  return name as string;
}
