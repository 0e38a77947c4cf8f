import { StreamError } from '../chunk/index.js';
import type { Asking } from './auth.js';

/** Longest token that is looked at, in characters. */
const maxToken = 8192;

const bearer = /^bearer +([^\s]+) *$/i;

/**
 * @internal The token that a request bears in `Authorization`, if it bears one.
 *
 * @throws {@link StreamError} `unauthenticated` when it is too long to be one
 */
export function bearerOf(asking: Pick<Asking, 'header'>): string | undefined {
  const value = asking.header('authorization');
  if (value === undefined) return undefined;
  if (value.length > maxToken) throw new StreamError('unauthenticated', 'the token is too long');
  return bearer.exec(value)?.[1];
}
