import { utf8Length } from './data.js';
import { kindOf, StreamError } from './errors.js';

/** Longest stream name, in bytes of UTF-8. */
export const maxNameBytes = 512;
const tooLong = `must be at most ${maxNameBytes} bytes of UTF-8`;

/** Nearly every name is of this kind: one look tells, where the full check takes seven. */
const plain = /^[\w-]+(?:[./][\w-]+)*$/;

/** What a name must not, and how that is found. */
const rules: readonly (readonly [found: RegExp, what: string])[] = [
  [/^$/, 'be empty'],
  [/\p{Surrogate}/u, 'hold a lone surrogate'],
  [/[\p{Control}\u2028\u2029]/u, 'hold a control character or line separator'],
  [/\\/, 'hold a backslash'],
  [/^\/|\/\/|\/$/, 'have an empty segment'],
  [/(?:^|\/)\.(?:\/|$)/, 'have a "." segment'],
  [/(?:^|\/)\.\.(?:\/|$)/, 'have a ".." segment'],
];

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
  // This keeps a name of megabytes from being read at all.
  if (name.length > maxNameBytes) return tooLong;
  if (!plain.test(name)) {
    if (utf8Length(name) > maxNameBytes) return tooLong;
    const broken = rules.find(([found]) => found.test(name));
    if (broken !== undefined) return `must not ${broken[1]}`;
  }
  latest = name;
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
