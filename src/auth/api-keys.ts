import { hash as hashAtOnce, randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { checkBound, firstProblem, StreamError } from '../chunk/index.js';
import type { Authenticate, Principal } from './auth.js';
import { bearerOf } from './credentials.js';
import { checkScope } from './owners-and-scopes.js';

/** What is kept of an API key: enough to know it again, and too little to make it. */
export interface ApiKeyRecord {
  /** Name of the key, which it bears itself. */
  readonly id: string;
  /** SHA-256 of the key, in hexadecimal. */
  readonly hash: string;
  /** Whose it is. */
  readonly principal: string;
  /** What it is good for, see `ownersAndScopes`. */
  readonly scopes?: readonly string[] | undefined;
  /** When its time is over, in milliseconds since the epoch. */
  readonly expiresAt?: number | undefined;
}

const record = z.strictObject({
  id: z.string().regex(/^[0-9a-zA-Z]{1,32}$/, 'must be of 1 to 32 letters and digits'),
  hash: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hexadecimal'),
  principal: z.string().min(1).max(256),
  scopes: z.array(z.string().min(1).max(600)).max(1000).optional(),
  expiresAt: z.number().min(0).optional(),
});
const records = z.array(record).max(100_000);

/** Options of {@link apiKeys}. */
export interface ApiKeysOptions {
  /** The time in milliseconds. Default `Date.now`. */
  readonly now?: () => number;
}

/** Options of {@link createApiKey}. */
export interface CreateApiKeyOptions extends Pick<ApiKeyRecord, 'scopes' | 'expiresAt'> {
  /** Makes what nobody can guess. Default: the system's. */
  readonly random?: (bytes: number) => Uint8Array;
}

const prefix = 'slk_';

/**
 * Makes an API key: `key` is for who is to have it, and is nowhere kept; `record` is for {@link apiKeys}.
 *
 * @throws TypeError for a scope that is none
 *
 * @example
 * const { key, record } = createApiKey('reporting', { scopes: ['read:reports/*'] });
 */
export function createApiKey(
  principal: string,
  options: CreateApiKeyOptions = {},
): { readonly key: string; readonly record: ApiKeyRecord } {
  const { scopes, expiresAt, random = randomBytes } = options;
  const id = Buffer.from(random(8)).toString('hex');
  const key = `${prefix}${id}_${Buffer.from(random(32)).toString('base64url')}`;
  const made = {
    id,
    hash: hashOf(key),
    principal,
    ...(scopes === undefined ? {} : { scopes: scopes.map(checkScope) }),
    ...(expiresAt === undefined ? {} : { expiresAt: checkBound('expiresAt', expiresAt, { min: 0 }) }),
  };
  return { key, record: readApiKeys([made])[0]! };
}

/**
 * Checks records, such as those of a file.
 *
 * @throws TypeError that names the field that is wrong, and says nothing of what is in it
 */
export function readApiKeys(value: unknown): readonly ApiKeyRecord[] {
  const read = records.safeParse(value);
  if (!read.success) {
    const { field = 'the list', message } = firstProblem(read.error, value);
    throw new TypeError(`API keys: ${field}: ${message}`);
  }
  const ids = new Set<string>();
  for (const { id, scopes = [] } of read.data) {
    if (ids.has(id)) throw new TypeError(`API keys: two have the id "${id}"`);
    ids.add(id);
    scopes.forEach(checkScope);
  }
  return read.data;
}

/**
 * Knows who bears an API key, as `Authorization: Bearer slk_…` or `X-Api-Key`. Keys are compared by their hashes, in a time that
 * tells nothing of them.
 *
 * @example
 * serve({ authenticate: apiKeys(JSON.parse(await readFile('keys.json', 'utf8'))) });
 */
export function apiKeys(keys: readonly ApiKeyRecord[], options: ApiKeysOptions = {}): Authenticate {
  const now = options.now ?? Date.now;
  const byId = new Map(
    readApiKeys(keys).map(({ id, hash, principal, scopes, expiresAt }) => {
      const known: Principal = {
        id: principal,
        ...(scopes === undefined ? {} : { scopes }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      };
      return [id, { hash: Buffer.from(hash), known }];
    }),
  );
  return (asking) => {
    const key = asking.header('x-api-key') ?? bearerOf(asking);
    if (key === undefined || !key.startsWith(prefix)) return undefined;
    const found = byId.get(key.slice(prefix.length, key.indexOf('_', prefix.length)));
    // A key of which the id is unknown takes as long as one that is wrong.
    const isRight = timingSafeEqual(Buffer.from(hashOf(key)), found?.hash ?? nobody);
    if (found === undefined || !isRight) throw new StreamError('unauthenticated', 'the API key is not known');
    if ((found.known.expiresAt ?? Infinity) > now()) return found.known;
    throw new StreamError('expired', 'the time of the API key is over');
  };
}

const nobody = Buffer.alloc(64);

/** In hexadecimal: bytes would be memory of their own, which costs twice as much as to hash a key. */
function hashOf(key: string): string {
  return hashAtOnce('sha256', key);
}
